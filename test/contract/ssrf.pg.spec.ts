import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PRIVATE_NETWORKS } from '@app/config';
import { ZkTerminal } from '@app/device-emulator';
import {
  type AddressTarget,
  DeviceGateway,
  DeviceNetworks,
  HOST_RESOLVER,
  type HostResolver,
} from '@app/device-gateway';
import { SystemClock } from '@app/kernel';
import { aDevice, QUICK_TIMEOUTS, targetOf } from '@test/support';
import { lookup } from 'node:dns/promises';
import { watchConnections } from './connections.js';
import { type ContractApp, openContractApp } from './contract-app.js';
import { FORBIDDEN_ADDRESSES, LYING_NAMES } from './forbidden-addresses.js';
import { codeOfAnswer, sendJson } from './sending.js';

/** Numbers in disguise go to the system, which knows them all; names are answered by nobody but us. */
const resolver: HostResolver = async (host) => {
  const lie = LYING_NAMES[host.normalize('NFKC').toLowerCase()];
  if (lie) return lie.map((address) => ({ address }));
  if (/^[0-9a-fx.:]+$/i.test(host)) return lookup(host, { all: true });
  throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
};
const REACH = [
  { driver: 'zk', transport: 'tcp' },
  { driver: 'zk', transport: 'udp' },
  { driver: 'node-zklib', transport: 'tcp' },
] as const;
const REFUSALS = ['device/address-not-allowed', 'device/bad-address', 'device/unresolved', 'http/invalid-request'];

let contract: ContractApp;
beforeAll(async () => {
  contract = await openContractApp({
    unread: true,
    env: { DEVICE_NETWORKS: PRIVATE_NETWORKS, DATABASE_URL: 'postgresql://holdfast:secret@db.example:5433/holdfast' },
    provide: [[HOST_RESOLVER, resolver]],
  });
  await contract.pending.stop(); // it would dial in again and again, from this process
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

describe('no connection is made to an address where no terminal may be', () => {
  it('when a device is added, whatever the address looks like, the driver and the transport', async () => {
    expect(new Set(FORBIDDEN_ADDRESSES).size).toBeGreaterThanOrEqual(60);
    using watch = watchConnections(contract.port);
    const codes: string[] = [];
    for (const address of FORBIDDEN_ADDRESSES) {
      for (const reach of REACH) {
        const answer = await sendJson(contract.port, 'POST', '/api/devices', { name: 'Forbidden', address, ...reach });
        const code = codeOfAnswer(answer) ?? answer.text;
        expect([address, REFUSALS]).toEqual([address, expect.arrayContaining([code])]);
        codes.push(code);
      }
    }
    expect(watch.attempts).toEqual([]);
    expect(codes.filter((code) => code === 'device/address-not-allowed').length).toBeGreaterThan(60);
    expect(await contract.database.dataSource.query('select 1 from devices where name = $1', ['Forbidden'])).toEqual(
      [],
    );
  });

  it('and the refusal says what is allowed, and where to allow more', async () => {
    const answer = await sendJson(contract.port, 'POST', '/api/devices', { name: 'X', address: 'rebind.example' });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      detail: expect.stringMatching(/"rebind.example" \(127.0.0.1\).*10.0.0.0\/8.*DEVICE_NETWORKS/s),
      facts: { networks: PRIVATE_NETWORKS.split(',') },
    });
    const database = await sendJson(contract.port, 'POST', '/api/devices', { name: 'X', address: 'db.example:5433' });
    expect(JSON.parse(database.text)).toMatchObject({ detail: expect.stringMatching(/is the database/) });
    expect(database.text).not.toContain('secret');
  });

  it('when a device that is registered already is read, watched or probed', async () => {
    using watch = watchConnections(contract.port);
    const gateway = contract.get(DeviceGateway);
    for (const { driver, transport } of REACH) {
      for (const host of ['127.0.0.1', '0x7f.1', 'rebind.example', '169.254.169.254', '::ffff:127.0.0.1']) {
        const device = await aDevice(contract.database.dataSource, { driver, transport, host, enabled: false });
        const answer = await sendJson(contract.port, 'POST', `/api/devices/${device.id}/sync`);
        expect([answer.status, codeOfAnswer(answer)]).toEqual([400, 'device/address-not-allowed']);
        const target: AddressTarget = { driver, transport, host, port: 4370, commKey: 0, encoding: 'utf-8' };
        const first = await gateway.probe(target)[Symbol.asyncIterator]().next();
        expect(first.value).toMatchObject({
          stage: 'resolve',
          ok: false,
          error: { code: 'device/address-not-allowed' },
        });
        if (driver === 'zk') await expect(gateway.openEvents(target)).rejects.toThrow(/DEVICE_NETWORKS/);
      }
    }
    expect(watch.attempts).toEqual([]);
  });
});

describe('a name that is resolved', () => {
  it.each(REACH.filter(({ transport }) => transport === 'tcp'))(
    'is resolved once a session, and that very address is called: %j',
    async (reach) => {
      await using terminal = await ZkTerminal.start({ transports: ['tcp'], connections: 'many' });
      let asked = 0;
      const rebinding: HostResolver = async () => [{ address: (asked += 1) === 1 ? terminal.host : '127.0.0.99' }];
      const networks = new DeviceNetworks([`${terminal.host}/32`], rebinding);
      const gateway = new DeviceGateway(new SystemClock(), { ...QUICK_TIMEOUTS, idleMs: 3_000 }, undefined, networks);
      using watch = watchConnections();
      {
        await using reader = await gateway.openReader({ ...targetOf(terminal), ...reach, host: 'rebinding.example' });
        expect((await reader.readCounters()).users).toBe(0);
      }
      expect(asked).toBe(1);
      expect(new Set(watch.attempts.map(({ host }) => host))).toEqual(new Set([terminal.host]));
      await expect(gateway.openReader({ ...targetOf(terminal), host: 'rebinding.example' })).rejects.toThrow(
        /127.0.0.99/,
      );
    },
  );

  it('may have several addresses, of which only an allowed one is called', async () => {
    const networks = new DeviceNetworks(['10.0.0.0/8'], async () => [
      { address: '127.0.0.1' },
      { address: '10.1.1.1' },
    ]);
    const target: AddressTarget = { driver: 'zk', transport: 'tcp', host: 'x', port: 1, commKey: 0, encoding: 'auto' };
    expect((await networks.check(target)).host).toBe('10.1.1.1');
  });
});
