import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DeviceReader } from '@app/device-gateway';
import { ZkTerminal } from '@app/device-emulator';
import { encodeBufferedRead, isReadOrSessionCommand } from '@app/zk-protocol';
import { QUICK_TIMEOUTS } from '@test/support';
import { ReadOnlyChannel } from '../../../libs/device-gateway/src/drivers/zk/read-only-channel.js';
import { TcpTransport } from '../../../libs/device-gateway/src/drivers/zk/tcp-transport.js';

jest.setTimeout(300_000);

/** The one place that reaches behind the front door: the promise is about the innermost handle that there is. */
describe('the read handle', () => {
  let terminal: ZkTerminal;
  let channel: ReadOnlyChannel;

  beforeAll(async () => {
    terminal = await ZkTerminal.start();
    const transport = await TcpTransport.open(terminal.host, terminal.port, 5_000);
    channel = new ReadOnlyChannel(transport, { ...QUICK_TIMEOUTS, overallMs: 300_000 });
  });
  afterAll(async () => {
    channel.destroy();
    await terminal.stop();
  });

  it('has no method that writes, sends or executes', () => {
    const methods = Object.getOwnPropertyNames(DeviceReader.prototype);
    expect(methods.filter((name) => /write|send|exec|set|delete|clear|request|command/i.test(name))).toEqual([]);
  });

  it('lets only the allow-list out of all 65,536 commands, and of all inner commands of 1503', async () => {
    const tried: { command: number; data: Buffer }[] = [];
    for (let code = 0; code < 65_536; code += 1) {
      tried.push({ command: code, data: Buffer.alloc(0) });
      tried.push({ command: code, data: Buffer.from([1, 0, 0, 0]) });
      tried.push({ command: 1503, data: encodeBufferedRead({ inner: code, dataType: 5, extra: 0 }) });
      tried.push({ command: 1503, data: encodeBufferedRead({ inner: code, dataType: 0, extra: 0 }) });
    }
    let refused = 0;
    const sent: number[] = [];
    for (const { command, data } of tried) {
      try {
        channel.begin(command, data);
        sent.push(command);
      } catch (error) {
        expect(error).toMatchObject({ code: 'device/command-not-allowed' });
        refused += 1;
      }
    }
    expect(refused + sent.length).toBe(4 * 65_536);
    expect(new Set(sent)).toEqual(
      new Set([11, 13, 34, 50, 64, 69, 201, 500, 1000, 1001, 1100, 1102, 1502, 1503, 1504, 2000]),
    );
    expect(sent.filter((command) => command === 1503)).toHaveLength(3); // users, punches, operations
    await channel.request(201); // what was sent before it has arrived by now
    expect(terminal.journal.entries.length).toBe(sent.length + 1);
    expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  });
});
