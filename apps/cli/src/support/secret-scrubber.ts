const HIDDEN = '(hidden)';

/** What our own secrets, and common ones, look like wherever they stand. The first group, if there is one, stays. */
const SHAPES: readonly RegExp[] = [
  /\bhf_[A-Za-z0-9_-]{8,}/g,
  /\bhs_[A-Za-z0-9_-]{8,}/g,
  /\bsetup_[A-Za-z0-9_-]{8,}/g,
  /\bAGE-SECRET-KEY-[A-Z0-9-]{8,}/gi,
  /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g,
  /\btk_[A-Za-z0-9]{8,}/g, // of ntfy
  /\bxox[a-z]-[A-Za-z0-9-]{8,}/g,
  /\b\d{6,12}:[A-Za-z0-9_-]{30,}/g, // a Telegram bot
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, // a JSON web token
  /\$(?:argon2|scrypt|2[aby])[^\s"']+/g,
  /\bv1\.[A-Za-z0-9_-]{38,}/g, // sealed by our vault
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@"']+:[^\s@"']+@/gi, // credentials in a URL
  /https:\/\/hooks\.[^\s"']+/gi,
  /((?:password|passwd|pwd|secret|token|comm[_-]?key|api[_-]?key|pin|authorization|cookie)\\?["']?\s*[:=]\s*)(?:\\?"(?:[^"\\]|\\.)*\\?"|'[^']*'|[^\s,;&}"'\\]+)/gi,
  /\b[A-Za-z0-9+/]{160,}={0,2}/g, // a template or a photo in base64
  /\b[0-9a-f]{200,}\b/gi, // the same in hexadecimal digits
];

/** Shorter than that, a secret is a word like others, and taking it out everywhere would leave nothing to read. */
const SHORTEST = 4;

/**
 * Takes secrets out of texts: those that are known by their value, in the forms in which they stand in URLs and JSON, and
 * whatever looks like one. Meant for what is shown to strangers: it takes out too much rather than too little.
 */
export class SecretScrubber {
  private readonly known: readonly string[];

  constructor(secrets: readonly string[]) {
    const forms = secrets
      .map((secret) => secret.trim())
      .filter((secret) => secret.length >= SHORTEST)
      .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
    // The longest first: one may hold another.
    this.known = [...new Set(forms)].toSorted((a, b) => b.length - a.length);
  }

  /** The text without secrets. */
  scrub(text: string): string {
    let left = text;
    for (const secret of this.known) left = left.replaceAll(patternOf(secret), HIDDEN);
    for (const shape of SHAPES)
      left = left.replace(
        shape,
        (_whole: string, kept?: unknown) => `${typeof kept === 'string' ? kept : ''}${HIDDEN}`,
      );
    return left;
  }

  /** A copy of a document in which every text, keys of objects too, is without secrets. */
  scrubAll(value: unknown): unknown {
    if (typeof value === 'string') return this.scrub(value);
    if (Array.isArray(value)) return value.map((item) => this.scrubAll(item));
    if (value instanceof Date) return value.toISOString();
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.scrub(key), this.scrubAll(item)]));
  }
}

/** A number, such as a comm key, is taken out where it stands for itself, and not out of a longer one. */
function patternOf(secret: string): RegExp {
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
  return /^\d+$/.test(secret) ? new RegExp(String.raw`(?<!\d)${literal}(?!\d)`, 'g') : new RegExp(literal, 'g');
}
