import { type NameReason } from '@app/name-matching';
import { type Evidence } from './evidence.js';

/** A piece of evidence in a sentence that a clerk understands. */
export function wordsOf(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'card':
      return `Card ${evidence.cardNumber} is this person’s card`;
    case 'card-elsewhere':
      return `This person uses card ${evidence.cardNumber} on device ${evidence.deviceId}`;
    case 'card-shared':
      return `Card ${evidence.cardNumber} is known for this person, but also for ${people(evidence.others)}`;
    case 'card-differs':
      return `The card on the terminal is ${evidence.shown}, this person’s is ${evidence.known}`;
    case 'reference':
      return `The ID ${evidence.deviceUserId} on the terminal is this person’s reference (${evidence.externalReference})`;
    case 'id-elsewhere':
      return `This person has the ID ${evidence.deviceUserId} on device ${evidence.deviceId}`;
    case 'name-elsewhere':
      return `Device ${evidence.deviceId} shows the name “${evidence.shown}” for this person`;
    case 'name-differs':
      return `The name on the terminal is “${evidence.shown}”, this person is called “${evidence.name}”`;
    case 'name':
      return nameWords(evidence);
  }
}

function nameWords({ shown, name, likeness, rivals, words }: Extract<Evidence, { kind: 'name' }>): string {
  const likely = likeness >= 0.995 ? 'is' : likeness >= 0.85 ? 'is very like' : 'is somewhat like';
  const details = words.map(wordWords).filter((detail) => detail !== undefined);
  const because = details.length === 0 ? '' : `: ${details.join('; ')}`;
  const others = rivals === 0 ? '' : ` (as like is the name of ${people(rivals)})`;
  return `“${shown}” on the terminal ${likely} “${name}”${because}${others}`;
}

function wordWords({ kind, shown, name }: NameReason): string | undefined {
  switch (kind) {
    case 'same':
      return undefined;
    case 'spelling':
    case 'joined':
      return `“${shown}” and “${name}” sound alike`;
    case 'initial':
      return shown === '…' ? undefined : `one letter stands for a word (“${shown}”, “${name}”)`;
    case 'beginning':
      return `“${shown}” is how “${name}” begins`;
    case 'missing':
      return shown === undefined ? `“${name}” is not on the terminal` : `“${shown}” is only on the terminal`;
    case 'order':
      return 'the words are in another order';
  }
}

function people(count: number): string {
  return count === 1 ? 'one other person' : `${count} other people`;
}
