/** What the teacher wrote, to be read and filtered: rationales, invented rows, answers that could not be used. */
import type { Report, Sample } from '../../contracts/report.ts';
import { markup, shortened } from './markup.ts';
import type { Markup } from './markup.ts';
import { count } from './words.ts';

const kindWords = { real: 'real row', synthetic: 'synthetic row', unusable: 'unusable answer' } as const;

export function samples({ samples: all, ledger }: Report): Markup {
  if (all.length === 0) return markup`<p>The teacher has written nothing.</p>`;
  const unusable = Object.values(ledger.unusable).reduce((sum, number) => sum + number, 0);
  return markup`<p>
      A seeded draw, spread over domains and reasons;
      ${unusable === 0 ? 'no answer was unusable' : `${count(unusable)} answers of this run have a flaw`}. Long texts
      are cut.
    </p>
    <form class="filter" hidden>
      <label>Text <input type="search" name="search" autocomplete="off" /></label>
      ${choice(
        'Kind',
        'kind',
        all.map(({ kind }) => kind),
      )}
      ${choice(
        'Stage',
        'stage',
        all.map(({ stage }) => String(stage)),
      )}
      ${choice(
        'Domain',
        'domain',
        all.map(({ domain }) => domain),
      )}
      ${choice(
        'Reason',
        'reason',
        all.flatMap(({ reason }) => (reason === null ? [] : [reason])),
      )}
      <output aria-live="polite"></output>
    </form>
    <ul class="samples">
      ${all.map(entry)}
    </ul>`;
}

function choice(label: string, name: string, values: readonly string[]): Markup | null {
  const sorted = [...new Set(values)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (sorted.length < 2 && name !== 'kind') return null;
  return markup`<label
    >${label}
    <select name="${name}">
      <option value="">all</option>
      ${sorted.map((value) => markup`<option value="${value}">${shortened(value, 48)}</option>`)}
    </select></label
  >`;
}

/** The line that is always to be seen, and the whole of it to open. */
function entry({ kind, stage, slot, domain, input, answer, text, reason }: Sample): Markup {
  const about = [`stage ${stage}`, `slot ${slot}`, shortened(domain, 48), ...(reason === null ? [] : [reason])];
  return markup`<li data-kind="${kind}" data-stage="${stage}" data-domain="${domain}" data-reason="${reason ?? ''}">
    <details>
      <summary>
        ${shortened(input ?? text ?? '', 110)} <br /><span
          ><span class="badge">${kindWords[kind]}</span> ${about.join(' · ')}</span
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
