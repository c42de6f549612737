import { DeviceError } from '@app/device-gateway';

/** A terminal that dials in is connected to a server, and never to a command. */
export function namingTheServer(request: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof DeviceError && error.code === 'device/not-connected') {
      const message = `${error.message}. A command never has such a terminal: ask the server, ${request}`;
      throw new DeviceError(error.code, message, { cause: error, stage: error.stage });
    }
    throw error;
  };
}
