/** Shows a run until it ends, is blocked, or the person leaves: what `run`, `watch` and `demo` have in common. */
import { createLogUpdate } from 'log-update';
import type { Engine } from '../engine.ts';
import type { RunResult } from '../../contracts/progress.ts';
import { exitCodes } from '../exit.ts';
import type { ExitCode } from '../exit.ts';
import { follow, followedRun } from './follow.ts';
import type { Ending, EndingOf, Followed, Snapshot } from './follow.ts';
import { reportPaths } from '../runs/report-files.ts';
import { tellUnfinished } from './unfinished-notice.ts';
import type { Terminal } from '../terminal.ts';
import { liveFrame } from '../view/live.ts';
import type { Screen } from '../view/live.ts';
import { plainLines } from '../view/plain.ts';
import { score } from '../view/words.ts';

export interface Attachment {
  readonly run: string;
  readonly json: boolean;
}

interface View<S> {
  show(snapshot: S): void;
  say(line: string): void;
  end(): void;
}

/** Returns the exit code. Ctrl+C ends the showing, never the run. */
export async function attach(terminal: Terminal, engine: Engine, { run, json }: Attachment): Promise<ExitCode> {
  const drawing: Drawing<Snapshot> = { frame: liveFrame, lines: plainLines };
  const ending = await stay(terminal, engine, followedRun(terminal.home, run), drawing, json);
  if (ending !== undefined) return printEnding(terminal, run, ending, json);
  terminal.note(`The run "${run}" goes on. Come back with: baldistill watch ${run}`);
  return exitCodes.detached;
}

/** What a snapshot looks like on a screen, and as lines for what changed. */
export interface Drawing<S> {
  readonly frame: (snapshot: S, screen: Screen) => string;
  readonly lines: (before: S | undefined, now: S) => readonly string[];
}

/** Shows it until it ends or is blocked; undefined when the person left. */
export async function stay<S extends object, R, B>(
  terminal: Terminal,
  engine: Engine,
  followed: Followed<S, R, B>,
  drawing: Drawing<S>,
  json: boolean,
): Promise<EndingOf<R, B> | undefined> {
  const leaving = new AbortController();
  // `on`, not `once`: log-update ends the process on a signal without other listeners.
  const leave = (): void => {
    if (leaving.signal.aborted) process.exit(exitCodes.detached);
    leaving.abort();
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  const live = process.stdout.isTTY ? liveView : plainView;
  const view = json ? jsonView<S>(terminal) : live(terminal, drawing);
  try {
    return await follow(engine, followed, {
      onSnapshot: (snapshot) => view.show(snapshot),
      onTrouble: (line) => view.say(line),
      signal: leaving.signal,
    });
  } finally {
    view.end();
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/** Says how a run ended and what to do next. */
export function printEnding(terminal: Terminal, run: string, ending: Ending, json: boolean): ExitCode {
  if (json) terminal.printJson({ type: ending.kind, run, ...ending });
  if (ending.kind !== 'result') {
    const printed = tellUnfinished(
      terminal,
      {
        what: `The run "${run}"`,
        name: run,
        folder: reportPaths(terminal.home, run).folder,
        again: 'Start it again with the same command once that is fixed; paid answers are kept.',
      },
      ending,
    );
    if (ending.kind === 'blocked' && ending.blocked.skip)
      terminal.note(`Or ${ending.blocked.skip}: baldistill skip ${run}`);
    return printed;
  }
  if (!json) terminal.print(resultLines(terminal.home, ending.result));
  return ending.result.status === 'failed' ? exitCodes.failed : exitCodes.done;
}

export function resultLines(
  home: string,
  result: Pick<RunResult, 'run' | 'status' | 'macro' | 'micro' | 'cancelledStage'>,
): string {
  const { folder, page } = reportPaths(home, result.run);
  return [
    `${result.run}: ${result.status}; test macro ${score(result.macro)}, micro ${score(result.micro)}`,
    `  report  ${page}`,
    `  output  ${folder}`,
    ...(result.cancelledStage === null
      ? []
      : [
          `  stage ${result.cancelledStage} was cancelled by itself, and the run ended with it; ` +
            '`baldistill run FILE --again` fills what is missing',
        ]),
  ].join('\n');
}

function liveView<S>(terminal: Terminal, { frame }: Drawing<S>): View<S> {
  const draw = createLogUpdate(process.stdout, { showCursor: false });
  return {
    show: (snapshot) => draw(frame(snapshot, { columns: process.stdout.columns, rows: process.stdout.rows })),
    say: (line) => {
      draw.clear();
      terminal.note(line);
    },
    end: () => draw.done(),
  };
}

function plainView<S>(terminal: Terminal, { lines }: Drawing<S>): View<S> {
  let before: S | undefined;
  return {
    show: (snapshot) => {
      for (const line of lines(before, snapshot)) terminal.print(line);
      before = snapshot;
    },
    say: (line) => terminal.note(line),
    end: () => undefined,
  };
}

/** One line for each snapshot that differs from the one before. */
function jsonView<S extends object>(terminal: Terminal): View<S> {
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
