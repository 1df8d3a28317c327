/** Shows a run until it ends, is parked, or the person leaves: what `run`, `watch` and `demo` have in common. */
import { createLogUpdate } from 'log-update';
import type { Engine } from './engine.ts';
import { exitCodes } from './exit.ts';
import type { ExitCode } from './exit.ts';
import { follow } from './follow.ts';
import type { Ending, Snapshot } from './follow.ts';
import { reportPaths } from './report-files.ts';
import type { Terminal } from './terminal.ts';
import { liveFrame } from './view/live.ts';
import { plainLines } from './view/plain.ts';
import { score } from './view/words.ts';

export interface Attachment {
  readonly run: string;
  readonly json: boolean;
}

interface View {
  show(snapshot: Snapshot): void;
  say(line: string): void;
  end(): void;
}

/** Returns the exit code. Ctrl+C ends the showing, never the run. */
export async function attach(terminal: Terminal, engine: Engine, { run, json }: Attachment): Promise<ExitCode> {
  const leaving = new AbortController();
  // `on`, not `once`: log-update ends the process on a signal that nobody else listens to any more.
  const leave = (): void => {
    if (leaving.signal.aborted) process.exit(exitCodes.detached);
    leaving.abort();
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  const view = json ? jsonView(terminal) : process.stdout.isTTY ? liveView(terminal) : plainView(terminal);
  try {
    const ending = await follow(engine, run, {
      onSnapshot: (snapshot) => view.show(snapshot),
      onTrouble: (line) => view.say(line),
      signal: leaving.signal,
    });
    view.end();
    if (ending !== undefined) return tell(terminal, run, ending, json);
    terminal.note(`The run "${run}" goes on. Come back with: baldistill watch ${run}`);
    return exitCodes.detached;
  } finally {
    view.end();
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/** Says how a run ended and what to do next. */
export function tell(terminal: Terminal, run: string, ending: Ending, json: boolean): ExitCode {
  if (json) terminal.printJson({ type: ending.kind, run, ...ending });
  if (ending.kind === 'result') {
    if (!json) terminal.print(resultLines(terminal.home, ending.result));
    return ending.result.status === 'failed' ? exitCodes.failed : exitCodes.done;
  }
  if (ending.kind === 'blocked') {
    terminal.note(`The run "${run}" is blocked: ${ending.blocked.message}`);
    terminal.note(`${ending.blocked.remedy}\nWhen that is done: baldistill resume ${run}`);
    if (ending.blocked.skip) terminal.note(`Or ${ending.blocked.skip}: baldistill skip ${run}`);
    return exitCodes.blocked;
  }
  if (ending.kind === 'wedged') {
    terminal.note(`The run "${run}" was started by another version, whose steps this one cannot follow.`);
    terminal.note(`End it with: baldistill stop ${run} --kill\nThen start it again; all that was paid is used.`);
    return exitCodes.failed;
  }
  if (ending.kind === 'down') {
    terminal.note(`The services were ended. The run "${run}" waits; go on with: baldistill watch ${run}`);
    return exitCodes.detached;
  }
  if (ending.kind === 'stopped') {
    terminal.note(`The run "${run}" was stopped. What it has so far: ${reportPaths(terminal.home, run).folder}`);
    return exitCodes.done;
  }
  terminal.note(`The run "${run}" failed: ${ending.message}`);
  terminal.note('Start it again with the same command once that is mended; paid answers are kept.');
  return exitCodes.failed;
}

export function resultLines(
  home: string,
  result: { run: string; status: string; macro: number | null; micro: number | null },
): string {
  const { folder, page } = reportPaths(home, result.run);
  return [
    `${result.run}: ${result.status}; test macro ${score(result.macro)}, micro ${score(result.micro)}`,
    `  report  ${page}`,
    `  output  ${folder}`,
  ].join('\n');
}

function liveView(terminal: Terminal): View {
  const draw = createLogUpdate(process.stdout, { showCursor: false });
  return {
    show: (snapshot) => draw(liveFrame(snapshot, { columns: process.stdout.columns, rows: process.stdout.rows })),
    say: (line) => {
      draw.clear();
      terminal.note(line);
    },
    end: () => draw.done(),
  };
}

function plainView(terminal: Terminal): View {
  let before: Snapshot | undefined;
  return {
    show: (snapshot) => {
      for (const line of plainLines(before, snapshot)) terminal.print(line);
      before = snapshot;
    },
    say: (line) => terminal.note(line),
    end: () => undefined,
  };
}

/** One line for each snapshot that differs from the one before. */
function jsonView(terminal: Terminal): View {
  let before = '';
  return {
    show: (snapshot) => {
      const now = JSON.stringify(snapshot);
      if (now !== before) terminal.printJson({ type: 'progress', ...snapshot });
      before = now;
    },
    say: (line) => terminal.note(line),
    end: () => undefined,
  };
}
