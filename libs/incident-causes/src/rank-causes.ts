import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { bulkWipe } from './bulk-wipe.js';
import { type Cause, type RankedCause } from './cause.js';
import { firmwareChange, terminalReplaced } from './changed-terminal.js';
import { dataCleared, factoryReset } from './clearing.js';
import { type DisappearanceEvidence, type UserTraits } from './evidence.js';
import { isMassLoss } from './extent.js';
import { type Finding, type Rule } from './finding.js';
import { keypadDeletion } from './keypad-deletion.js';
import { lookedAt } from './looked-at.js';
import { memoryFull } from './memory-full.js';
import { otherProgram } from './other-program.js';
import { ownWrite } from './own-write.js';
import { renumbered } from './renumbered.js';
import { restart } from './restart.js';

const RULES: readonly Rule[] = [
  ownWrite,
  keypadDeletion,
  dataCleared,
  factoryReset,
  terminalReplaced,
  firmwareChange,
  restart,
  memoryFull,
  renumbered,
  otherProgram,
  bulkWipe,
];

/** What a cause brings with it: the signs on the right speak for nothing more once the cause on the left is there. */
const IMPLIED: Partial<Record<Cause, readonly Cause[]>> = {
  terminal_replaced: [
    'keypad_deletion',
    'data_cleared',
    'factory_reset',
    'firmware_change',
    'restart',
    'memory_full',
    'other_program',
    'bulk_wipe',
  ],
  factory_reset: ['data_cleared', 'restart', 'bulk_wipe'],
  data_cleared: ['restart', 'bulk_wipe'],
  firmware_change: ['restart', 'bulk_wipe'],
  other_program: ['bulk_wipe'],
};
/** They say what was going on, not what happened to whom: a record that names the user leaves nothing to them. */
const CIRCUMSTANCES: ReadonlySet<Cause> = new Set([
  'firmware_change',
  'restart',
  'memory_full',
  'other_program',
  'bulk_wipe',
]);
const BOUNDS = { proven: [0.8, 1], likely: [0.5, 0.8], possible: [0.2, 0.5] } as const;

/**
 * What probably removed the users, likeliest first; never empty. `unknown` stands alone when nothing speaks for any cause, and
 * last, with the users whom no cause explains, when there are such. An absent fact speaks for nothing.
 */
export function rankCauses(evidence: DisappearanceEvidence): RankedCause[] {
  const found = RULES.map((rule) => rule(evidence)).filter((finding) => finding !== undefined);
  const causes = withoutImplied(withoutExplained(found, evidence))
    .map((finding) => rank(finding, evidence.lost.length))
    .sort((a, b) => b.score - a.score);
  const explained = new Set(causes.flatMap(({ device_user_ids }) => device_user_ids));
  const rest = evidence.lost.filter(({ deviceUserId }) => !explained.has(deviceUserId));
  if (causes.length > 0 && rest.length === 0) return causes;
  return [
    ...causes,
    { cause: 'unknown', confidence: 'none', score: 0, device_user_ids: idsOf(rest), evidence: lookedAt(evidence) },
  ];
}

function withoutExplained(found: readonly Finding[], { knownUsers }: DisappearanceEvidence): Finding[] {
  const named = new Set(
    found
      .filter(({ cause, confidence }) => confidence === 'proven' && !CIRCUMSTANCES.has(cause))
      .flatMap(({ users }) => users),
  );
  return found.flatMap((finding) => {
    if (!CIRCUMSTANCES.has(finding.cause)) return [finding];
    const users = finding.users.filter((user) => !named.has(user));
    const remains = finding.cause === 'bulk_wipe' ? isMassLoss(users.length, knownUsers) : users.length > 0;
    return remains ? [{ ...finding, users }] : [];
  });
}

/** A merely possible cause implies nothing away. */
function withoutImplied(found: readonly Finding[]): Finding[] {
  const implied = new Set(
    found.filter(({ confidence }) => confidence !== 'possible').flatMap(({ cause }) => IMPLIED[cause] ?? []),
  );
  return found.filter(({ cause }) => !implied.has(cause));
}

/** The confidence gives the range; within it, the weight of the cause and the share of the lost users count. */
function rank({ cause, confidence, weight, users, evidence }: Finding, lost: number): RankedCause {
  const [low, high] = BOUNDS[confidence];
  const share = lost === 0 ? 1 : users.length / lost;
  const score = low + (high - low) * weight * (0.5 + 0.5 * share);
  return { cause, confidence, score: Math.round(score * 1000) / 1000, device_user_ids: idsOf(users), evidence };
}

function idsOf(users: readonly UserTraits[]): DeviceUserId[] {
  return users.map(({ deviceUserId }) => deviceUserId).sort(compareDeviceUserIds);
}
