import { type Cause, type DisappearanceEvidence, type RankedCause } from '@app/incident-causes';
import { type Story } from './story.js';

export interface Score {
  readonly cause: Cause;
  readonly asked: number;
  /** How often a true cause came first. */
  readonly first: number;
  /** How often it came anywhere. */
  readonly named: number;
}

/** Asks `rank` for every story; a story with several visible causes counts for its first, and any of them may come first. */
export function scoreStories(
  stories: readonly Story[],
  rank: (evidence: DisappearanceEvidence) => readonly RankedCause[],
  onMiss?: (story: Story, ranked: readonly RankedCause[]) => void,
): Score[] {
  const scores = new Map<Cause, { asked: number; first: number; named: number }>();
  for (const story of stories) {
    const truth: readonly Cause[] = story.visible.length === 0 ? ['unknown'] : story.visible;
    const ranked = rank(story.evidence);
    const score = scores.get(truth[0]) ?? { asked: 0, first: 0, named: 0 };
    scores.set(truth[0], score);
    score.asked += 1;
    if (truth.includes(ranked[0].cause)) score.first += 1;
    else onMiss?.(story, ranked);
    if (truth.every((cause) => ranked.some((each) => each.cause === cause))) score.named += 1;
  }
  return [...scores].map(([cause, score]) => ({ cause, ...score })).sort((a, b) => a.cause.localeCompare(b.cause));
}

export function total(scores: readonly Score[]): Omit<Score, 'cause'> {
  const sum = (key: 'asked' | 'first' | 'named'): number => scores.reduce((all, score) => all + score[key], 0);
  return { asked: sum('asked'), first: sum('first'), named: sum('named') };
}

/** As Markdown: how many stories, and in how many a true cause came first and every true cause was named. */
export function scoreTable(scores: readonly Score[]): string {
  const row = (name: string, { asked, first, named }: Omit<Score, 'cause'>): string =>
    `| ${name} | ${asked} | ${first} | ${named} |`;
  return [
    '| true cause | stories | true cause first | all true causes named |',
    '| --- | --- | --- | --- |',
    ...scores.map((score) => row(score.cause, score)),
    row('all', total(scores)),
  ].join('\n');
}
