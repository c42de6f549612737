/** Families of firmware that the documents and reports are about (aiface-protocol, 0). */
const FAMILIES = /^(ai806|ai518|aif43v|th900|th600w)/i;
/** The first version of each line that knows the profile form of `setuserinfo` (5.2). */
const FIRST_WITH_PROFILES: Readonly<Record<number, number>> = { 2: 9, 5: 9 };
const NEWEST_LINE = 5;

/** Whether this is firmware of which it is known what its commands delete. */
export function isKnownFirmware(firmware: string | undefined): boolean {
  return firmware !== undefined && FAMILIES.test(firmware);
}

/** Whether this firmware sets single attributes of a user, without a credential. */
export function takesProfiles(firmware: string | undefined): boolean {
  const version = /v(\d+)\.(\d+)/i.exec(firmware ?? '');
  if (!version || !isKnownFirmware(firmware) || !/^ai/i.test(firmware!)) return false;
  const [line, release] = [Number(version[1]), Number(version[2])];
  return line > NEWEST_LINE || release >= (FIRST_WITH_PROFILES[line] ?? Number.POSITIVE_INFINITY);
}
