/** Labels at the end of lines instead of a legend, moved apart if the lines are close. */
import * as Plot from '@observablehq/plot';

interface EndLabel {
  readonly text: string;
  readonly value: number;
  readonly fill: string;
}

/** Lines of 12 px text that fit into the height of a small figure. */
const linesOfText = 13;

interface Cluster {
  readonly labels: readonly EndLabel[];
  readonly center: number;
}

interface EndLabels {
  /** The right margin that the labels need. */
  readonly width: number;
  /** The marks, right of this position on the x axis. */
  readonly at: (x: number) => Plot.Markish;
}

/** `shown` is the approximate range of the axis. */
export function endLabels(labels: readonly EndLabel[], shown: readonly [number, number]): EndLabels {
  const gap = Math.max(shown[1] - shown[0], 1e-6) / linesOfText;
  const clusters: Cluster[] = [];
  for (const label of labels.toSorted((a, b) => a.value - b.value)) {
    let cluster: Cluster = { labels: [label], center: label.value };
    for (let below = clusters.at(-1); below !== undefined && touch(below, cluster, gap); below = clusters.at(-1)) {
      clusters.pop();
      cluster = merged(below, cluster);
    }
    clusters.push(cluster);
  }
  const placed = clusters.flatMap(({ labels: members, center }) =>
    members.map((label, index) => ({ ...label, place: center + (index - (members.length - 1) / 2) * gap })),
  );
  return {
    // Bold text of 12 px, about 7.4 px a character.
    width: Math.max(0, ...labels.map(({ text }) => text.length)) * 7.4 + 14,
    at: (x) =>
      placed.map(({ text, place, fill }) =>
        Plot.text([text], { x: [x], y: [place], text: [text], fill, textAnchor: 'start', dx: 9, fontWeight: 600 }),
      ),
  };
}

function touch(below: Cluster, above: Cluster, gap: number): boolean {
  return above.center - below.center < ((below.labels.length + above.labels.length) / 2) * gap;
}

/** The labels of both clusters, centered on the mean of their values. */
function merged(below: Cluster, above: Cluster): Cluster {
  const labels = [...below.labels, ...above.labels];
  return { labels, center: labels.reduce((sum, { value }) => sum + value, 0) / labels.length };
}
