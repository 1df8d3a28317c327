/** The point of the switch space that a run file names: a preset, with the file's switches on top. */
import { RunSpec } from '../../contracts/run/run-file.ts';
import type { RunFile } from '../../contracts/run/run-file.ts';
import { presets } from '../../domain/methods.ts';
import type { Preset, Switches } from '../../domain/methods.ts';

export function switchesOf(method: RunFile['method'], switches: RunFile['switches']): Switches {
  const given = Object.fromEntries(Object.entries(switches).filter(([, value]) => value !== undefined));
  return RunSpec.shape.switches.parse({ ...presets[method].switches, ...given });
}

export function stagesOf(method: RunFile['method'], stages: number): number {
  return presets[method].stages ?? stages;
}

/** Calls that the preset's default limit leaves beyond the plan: rounded up, and exact for every B. */
export function spareCalls(method: RunFile['method'], slots: number): number {
  const { spareCalls: percent = 0 }: Preset = presets[method];
  return Math.ceil((slots * percent) / 100);
}
