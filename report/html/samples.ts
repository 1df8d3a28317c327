/** Samples of the teacher's answers: rationales, synthetic rows and unusable answers, with filters. */
import type { Report, Sample } from '../../contracts/report.ts';
import { filterForm } from './filter.ts';
import { markup, shortened } from './markup.ts';
import type { Markup } from './markup.ts';
import { count } from './format.ts';

const kindNames = { real: 'real row', synthetic: 'synthetic row', unusable: 'unusable answer' } as const;

export function samples({ samples: all, ledger }: Report): Markup {
  if (all.length === 0) return markup`<p>The teacher wrote no answers.</p>`;
  const unusable = Object.values(ledger.unusable).reduce((sum, number) => sum + number, 0);
  return markup`<p>
      A seeded sample, spread over domains and reasons;
      ${unusable === 0 ? 'no answer was unusable' : `${count(unusable)} answers of this run have a flaw`}. Long texts
      are truncated.
    </p>
    ${filterForm('samples-list', [
      { label: 'Kind', name: 'kind', values: all.map(({ kind }) => kind) },
      { label: 'Stage', name: 'stage', values: all.map(({ stage }) => String(stage)) },
      { label: 'Domain', name: 'domain', values: all.map(({ domain }) => domain) },
      { label: 'Reason', name: 'reason', values: all.flatMap(({ reason }) => reason ?? []) },
    ])}
    <ul class="samples" id="samples-list">
      ${all.map(entry)}
    </ul>`;
}

/** A summary line that expands to the whole sample. */
function entry({ kind, stage, slot, domain, input, answer, text, reason }: Sample): Markup {
  const about = [`stage ${stage}`, `slot ${slot}`, shortened(domain, 48), ...(reason === null ? [] : [reason])];
  return markup`<li data-kind="${kind}" data-stage="${stage}" data-domain="${domain}" data-reason="${reason ?? ''}">
    <details>
      <summary>
        ${shortened(input ?? text ?? '', 110)} <br /><span
          ><span class="badge">${kindNames[kind]}</span> ${about.join(' · ')}</span
        >
      </summary>
      ${
        input === null
          ? null
          : markup`<h4>Text</h4>
              <pre dir="auto">${input}</pre>`
      }
      ${
        answer === null
          ? null
          : markup`<h4>${kind === 'synthetic' ? 'Answer' : 'Gold answer'}</h4>
              <pre dir="auto">${answer}</pre>`
      }
      ${
        text === null
          ? null
          : markup`<h4>${kind === 'unusable' ? `The teacher's whole answer, unusable: ${reason ?? ''}` : 'Rationale'}</h4>
              <pre dir="auto">${text}</pre>`
      }
    </details>
  </li> `;
}
