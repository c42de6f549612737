import { AppError } from '@app/kernel';

export const LONGEST_NAME = 100;

/** No registered device has this id, short name or name. */
export class DeviceNotFoundError extends AppError {
  readonly code = 'devices/not-found';
  readonly kind = 'not-found';

  constructor(wanted: string) {
    super(`No registered device is called "${wanted}"; \`holdfast device list\` shows them all`, {
      details: { wanted },
    });
  }
}

/** The address or the serial number belongs to a registered device already. */
export class DeviceAlreadyRegisteredError extends AppError {
  readonly code = 'devices/already-registered';
  readonly kind = 'conflict';

  constructor(what: string, registered: { readonly id: string; readonly name: string }, remedy = '') {
    super(`${what} is registered already, as "${registered.name}" (device ${registered.id})${remedy}`, {
      details: { deviceId: registered.id },
    });
  }

  /** Two devices that are read cannot have one address; one that is switched off does not need it. */
  static forAddress(
    { host, port }: { readonly host: string; readonly port: number },
    registered: { readonly id: string; readonly name: string },
  ): DeviceAlreadyRegisteredError {
    const remedy = '; if that terminal is gone, switch the device off';
    return new DeviceAlreadyRegisteredError(`${host}:${port}`, registered, remedy);
  }
}

/** The key file that opens stored comm keys is missing, unreadable or not the one they were closed with. */
export class SecretKeyError extends AppError {
  readonly code = 'devices/secret-key';
  readonly kind = 'internal';
}

/** A device must be called something that people can read. */
export class BadDeviceNameError extends AppError {
  readonly code = 'devices/bad-name';
  readonly kind = 'invalid';

  constructor(name: string) {
    super(`A device needs a name of 1 to ${LONGEST_NAME} characters, and this one has ${name.trim().length}`);
  }
}

/** The network of a terminal that dials in is none. */
export class BadNetworkError extends AppError {
  readonly code = 'devices/bad-network';
  readonly kind = 'invalid';

  constructor(network: string) {
    super(`"${network}" is no network; give an address with a prefix length, such as 192.168.1.0/24`);
  }
}

/** The zone of a clock must be one that the calendar knows. */
export class UnknownTimeZoneError extends AppError {
  readonly code = 'devices/unknown-time-zone';
  readonly kind = 'invalid';

  constructor(zone: string) {
    super(`"${zone}" is no time zone; give an IANA name such as Africa/Addis_Ababa`);
  }
}

/** There is nothing to accept: no terminal with this serial number was found in the device's place. */
export class NotInQuarantineError extends AppError {
  readonly code = 'devices/not-in-quarantine';
  readonly kind = 'conflict';

  constructor(
    { name, foundSerialNumber }: { readonly name: string; readonly foundSerialNumber: string | null },
    wanted: string,
  ) {
    const found = foundSerialNumber === null ? 'no other terminal was found' : `${foundSerialNumber} was found`;
    super(`In the place of "${name}" ${found}, not ${wanted}; read the device again and accept what it shows`, {
      details: { foundSerialNumber },
    });
  }
}

/** How a terminal is reached can be changed of one that is called at its address. */
export class DialsInError extends AppError {
  readonly code = 'devices/dials-in';
  readonly kind = 'conflict';

  constructor(name: string) {
    super(`"${name}" dials in, so that it has no address and no comm key here; set the server in its own menu`);
  }
}
