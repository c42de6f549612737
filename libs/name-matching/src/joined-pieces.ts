/** Joins what letters were written as; a mark keeps an h from being read as one sound with the letter before it. */
export function joinedPieces(pieces: readonly string[]): string {
  let joined = '';
  for (const piece of pieces) joined += piece.startsWith('h') && /[sckgtdpz]$/.test(joined) ? `-${piece}` : piece;
  return joined;
}
