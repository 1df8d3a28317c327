/** Switches without effect, because of the others. */
import type { Switches } from '../../domain/methods.ts';
import { synthesizes } from '../../domain/budget/needed-calls.ts';

export interface IneffectiveSwitch {
  readonly key: keyof Switches;
  readonly reason: string;
}

export function ineffectiveSwitches(switches: Switches): readonly IneffectiveSwitch[] {
  const { balance, select } = switches;
  const found: IneffectiveSwitch[] = [];
  const idle = (key: keyof Switches, is: boolean, reason: string): void => {
    if (is) found.push({ key, reason });
  };
  const unranked = select === 'random';
  idle(
    'schedule',
    switches.schedule === 'full' && balance !== 'adaptive',
    'only balance: adaptive goes from one distribution to another',
  );
  idle('scoreOn', switches.scoreOn === 'gold' && unranked, 'select: random ranks no rows');
  idle('diversity', switches.diversity !== 'off' && unranked, 'select: random ranks no rows');
  idle(
    'diversity',
    switches.diversity !== 'off' && switches.scoreOn === 'gold' && !unranked,
    'it compares what the student writes, and with scoreOn: gold it writes nothing',
  );
  idle('candidates', typeof switches.candidates === 'number' && unranked, 'select: random ranks no rows');
  const noQuotas = 'with balance: none there are no quotas, so no domain falls short of one';
  idle('tail', switches.tail === 'none' && balance === 'none', noQuotas);
  idle('shortfall', switches.shortfall !== 'duplicate' && balance === 'none', noQuotas);
  const noSynthesis = `no rows are synthesized with ${balance === 'none' ? 'balance' : 'tail'}: none`;
  const checks = { consistency: 'drop', nearDuplicates: 'drop', verify: 'teacher' } as const;
  for (const key of ['consistency', 'nearDuplicates', 'verify'] as const)
    idle(key, switches[key] === checks[key] && !synthesizes(switches), noSynthesis);
  idle('ceiling', switches.ceiling !== 3 && switches.refill === 0, 'with refill: 0 no slot has a second candidate');
  idle(
    'onMismatch',
    switches.onMismatch !== 'answer-only' && switches.rationale === 'none',
    'with rationale: none real rows have no rationale that could mismatch',
  );
  return found;
}
