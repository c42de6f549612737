import { type Reply } from './inbound.js';

const LONGEST_TEXT = 80;
/** Why a photo was refused (3.6); of other credentials, reason 1 is all that is known. */
const PHOTO_REASONS: Readonly<Record<number, string>> = {
  1: 'the image is too large, or a parameter is missing',
  5: 'there is no face in the image',
  6: 'there is more than one face in the image',
  7: 'the image is too wide or too high',
  8: 'the face is too large',
  9: 'the face is too small',
  10: 'the quality of the image is too low',
  11: 'the face is partly hidden, or at an angle',
  12: 'the face is enrolled for another user already, who was left alone',
};

/** What a terminal says for people when it refuses a write; its own text cut and in quotes, since anybody may have written it. */
export function describeRefusal({ reason, text }: Reply, options: { readonly photo: boolean }): string {
  const meaning = options.photo && reason !== undefined ? PHOTO_REASONS[reason] : undefined;
  const number = reason === undefined ? undefined : `reason ${reason}`;
  const quoted = text === undefined ? undefined : JSON.stringify(text.slice(0, LONGEST_TEXT));
  return [meaning, number, quoted].filter((part) => part !== undefined).join(', ') || 'without a reason';
}
