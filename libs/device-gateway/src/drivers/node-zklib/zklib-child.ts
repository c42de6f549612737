/** A piece of work for the child: one connection each, since the library mixes up answers on a used one. */
export interface ZklibJob {
  readonly id: number;
  readonly kind: 'command' | 'users' | 'punches';
  readonly transport: 'tcp' | 'udp';
  /** The relay on loopback; the child never learns the terminal's address. */
  readonly port: number;
  readonly timeoutMs: number;
  readonly command?: number;
  readonly dataHex?: string;
}

/** What came of it: packets and records in hex, for our own codec to judge. */
export type ZklibResult =
  | { readonly id: number; readonly packetHex: string }
  | { readonly id: number; readonly recordsHex: readonly string[]; readonly recordBytes: number }
  | { readonly id: number; readonly failure: string };

/** As much of the library's transports as is used. */
interface ZklibTransport {
  readonly socket: { destroy?(): void; close?(): void } | null;
  createSocket(): Promise<unknown>;
  connect(): Promise<unknown>;
  executeCmd(command: number, data: Buffer | string): Promise<Buffer>;
  getUsers(): Promise<{ data: string[]; err: unknown }>;
  getAttendances(): Promise<{ data: { hex: string }[]; err: unknown }>;
}

/**
 * The whole program of the child process that runs npm node-zklib. Its source text is handed to node, so that it runs
 * the same from a build and from a test; for that reason it uses nothing from outside itself. The library's record
 * decoders are replaced before its transports load, so that raw records come back: its own decode names as ASCII and
 * cut user IDs after nine characters.
 */
export function zklibChild(load: (file: string) => unknown, folder: string): void {
  const utils = load(`${folder}/utils.js`) as Record<string, unknown>;
  const raw = (record: Buffer): string => record.toString('hex');
  utils.decodeUserData72 = raw;
  utils.decodeUserData28 = raw;
  const rawPunch = (record: Buffer): { hex: string } => ({ hex: record.toString('hex') });
  utils.decodeRecordData40 = rawPunch;
  utils.decodeRecordData16 = rawPunch;
  type Constructor = new (ip: string, port: number, timeout: number, inport?: number) => ZklibTransport;
  const Tcp = load(`${folder}/zklibtcp.js`) as Constructor;
  const Udp = load(`${folder}/zklibudp.js`) as Constructor;

  const textOf = (error: unknown): string => {
    const inner = (error as { err?: unknown } | undefined)?.err ?? error;
    return inner instanceof Error ? inner.message : String(inner);
  };
  const work = async (job: ZklibJob): Promise<object> => {
    const zklib =
      job.transport === 'tcp'
        ? new Tcp('127.0.0.1', job.port, job.timeoutMs)
        : new Udp('127.0.0.1', job.port, job.timeoutMs, 0);
    try {
      await zklib.createSocket();
      await zklib.connect();
      if (job.kind === 'command') {
        const packet = await zklib.executeCmd(job.command ?? 0, Buffer.from(job.dataHex ?? '', 'hex'));
        return { packetHex: Buffer.from(packet).toString('hex') };
      }
      if (job.kind === 'punches') {
        const { data, err } = await zklib.getAttendances();
        if (err) return { failure: textOf(err) };
        return { recordsHex: data.map(({ hex }) => hex), recordBytes: (data[0]?.hex.length ?? 0) / 2 };
      }
      const { data, err } = await zklib.getUsers();
      if (err) return { failure: textOf(err) };
      return { recordsHex: data, recordBytes: job.transport === 'tcp' ? 72 : 28 };
    } catch (error) {
      return { failure: textOf(error) };
    } finally {
      zklib.socket?.destroy?.();
      zklib.socket?.close?.();
    }
  };
  process.on('message', (job: ZklibJob) => {
    void work(job).then((result) => process.send?.({ id: job.id, ...result }));
  });
  process.on('disconnect', () => process.exit(0));
}
