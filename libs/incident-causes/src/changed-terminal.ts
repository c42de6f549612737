import { type DisappearanceEvidence } from './evidence.js';
import { isSmallLoss } from './extent.js';
import { type Finding } from './finding.js';
import { utc } from './wording.js';

/** Another serial number answers: this is another terminal. */
export function terminalReplaced({ before, now, period, lost }: DisappearanceEvidence): Finding | undefined {
  if (!before.serialNumber || !now.serialNumber || before.serialNumber === now.serialNumber) return undefined;
  return {
    cause: 'terminal_replaced',
    confidence: 'proven',
    weight: 1,
    users: lost,
    evidence: [
      `At ${utc(period.after)} the terminal had the serial number ${before.serialNumber}, at ${utc(period.until)} ${now.serialNumber}.`,
    ],
  };
}

/** The firmware is another one, and some upgrades drop users. */
export function firmwareChange(evidence: DisappearanceEvidence): Finding | undefined {
  const { before, now, period, lost } = evidence;
  if (!before.firmware || !now.firmware || before.firmware === now.firmware) return undefined;
  return {
    cause: 'firmware_change',
    confidence: 'likely',
    weight: isSmallLoss(evidence) ? 0.5 : 0.8,
    users: lost,
    evidence: [
      `At ${utc(period.after)} the terminal had the firmware ${before.firmware}, at ${utc(period.until)} ${now.firmware}.`,
    ],
  };
}
