import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '@app/accounts';
import { BufferModule } from '@app/buffer';
import { inventPunches, inventUsers, ZkTerminal } from '@app/device-emulator';
import { systemActor } from '@app/kernel';
import {
  HttpDurations,
  MetricsEndpointModule,
  type MetricSample,
  MetricSource,
  MetricSources,
  MetricsPage,
  SOURCE_TIMEOUT_MS,
} from '@app/metrics';
import { DirectMachineSync, SyncServicesModule } from '@app/sync-services';
import { DeviceWriterModule } from '@app/device-writer';
import { LiveEventsModule } from '@app/live-events';
import { deviceOf, openTestApp, TEST_TOKEN, type TestApp, until } from '@test/support';
import { type INestApplication } from '@nestjs/common';
import request from 'supertest';
import { EventReader } from '../live-events/reader.js';

const sample: MetricSample = { name: 'holdfast_of_test', type: 'gauge', help: 'Of a test.', values: [{ value: 7 }] };

class Sound extends MetricSource {
  collectMetrics = async (): Promise<readonly MetricSample[]> => [sample];
}
class Doubled extends MetricSource {
  collectMetrics = async (): Promise<readonly MetricSample[]> => [sample];
}
class Failing extends MetricSource {
  collectMetrics = async (): Promise<readonly MetricSample[]> => {
    throw new Error('no');
  };
}
class Misnamed extends MetricSource {
  collectMetrics = async (): Promise<readonly MetricSample[]> => [{ ...sample, name: 'not a name' }];
}
class Hanging extends MetricSource {
  asked = 0;
  collectMetrics = (): Promise<readonly MetricSample[]> => {
    this.asked += 1;
    return new Promise(() => undefined);
  };
}

const modules = [
  SyncServicesModule,
  BufferModule,
  DeviceWriterModule,
  LiveEventsModule,
  MetricsEndpointModule.forRoot({ version: '1.2.3' }),
];

async function openServer(access: string, database?: TestApp['database']): Promise<TestApp> {
  const server = await openTestApp(modules, {
    database,
    env: { METRICS: access },
    provide: [[SOURCE_TIMEOUT_MS, 200]],
    prepare: mount,
  });
  await server.app.listen(0, '127.0.0.1');
  return server;
}

/** As the front of the server has it. */
function mount(app: INestApplication): void {
  app.use(app.get(HttpDurations, { strict: false }).middleware);
  app.use(app.get(MetricsPage, { strict: false }).localReader);
}

let app: TestApp;
beforeAll(async () => {
  app = await openServer('key');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

async function scrape(server = app, headers: Record<string, string> = { authorization: `Bearer ${TEST_TOKEN}` }) {
  return request(server.app.getHttpServer()).get('/metrics').set(headers);
}

/** The value of a series, as it stands on the page. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((it) => it.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('/metrics', () => {
  it('shows what each part tells of itself after a run, and what the process does', async () => {
    const users = inventUsers({ count: 12 });
    const punches = inventPunches(users, { days: 1, until: new Date('2026-01-31T00:00:00Z') });
    await using terminal = await ZkTerminal.start({ users, punches, transports: ['tcp'], serialNumber: 'METRICS1' });
    const device = await deviceOf(app.database.dataSource, terminal);
    await app.get(DirectMachineSync).syncNow(device, { actor: systemActor });
    await request(app.app.getHttpServer()).get('/api/devices/4711').set('authorization', `Bearer ${TEST_TOKEN}`);
    await request(app.app.getHttpServer()).get('/nothing/here?x=1');
    const { status, text, headers } = await scrape();
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(valueOf(text, 'holdfast_sync_runs_total{service="directMachineSync",outcome="succeeded"}')).toBe(1);
    expect(valueOf(text, 'holdfast_punches_imported_total')).toBe(punches.length);
    expect(valueOf(text, 'holdfast_buffered_users{status="unmapped"}')).toBe(12);
    expect(valueOf(text, 'holdfast_leases_held')).toBe(0);
    expect(valueOf(text, 'holdfast_lease_requests_total{outcome="at_once"}')).toBe(1);
    expect(valueOf(text, 'holdfast_device_writes_unsettled{state="open"}')).toBe(0);
    expect(valueOf(text, 'holdfast_punches_quarantined{reason="awaiting_run"}')).toBe(0);
    const readAt = valueOf(text, `holdfast_device_last_sync_timestamp_seconds{device="${device.slug}"}`);
    expect(Math.abs((readAt ?? 0) - Date.now() / 1_000)).toBeLessThan(60);
    expect(text).toContain(`holdfast_build_info{version="1.2.3",node_version="${process.versions.node}"} 1`);
    expect(valueOf(text, 'holdfast_event_loop_delay_seconds{percentile="99"}')).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    const counted = 'holdfast_http_request_duration_seconds_count';
    expect(valueOf(text, `${counted}{method="GET",route="/api/devices/:id",status="4xx"}`)).toBe(1);
    expect(valueOf(text, `${counted}{method="GET",route="none",status="4xx"}`)).toBe(1);
    expect(text).not.toMatch(/4711|nothing\/here/);
  });

  it('is a page without the source that fails, hangs, or tells nonsense, and says which that was', async () => {
    const sources = app.get(MetricSources);
    const hanging = new Hanging(sources);
    for (const Source of [Failing, Misnamed, Sound, Doubled]) new Source(sources).onModuleInit();
    hanging.onModuleInit();
    const [first, second] = await Promise.all([scrape(), scrape()]);
    for (const { status, text } of [first, second]) {
      expect(status).toBe(200);
      const up = [...text.matchAll(/^holdfast_metric_source_up\{source="(\w+)"\} (\d)$/gm)].map(([, ...it]) =>
        it.join(),
      );
      expect(up).toEqual(expect.arrayContaining(['Sound,1', 'Failing,0', 'Hanging,0', 'Misnamed,0', 'Doubled,0']));
      expect(up.filter((it) => it.endsWith(',0'))).toHaveLength(4);
      expect(valueOf(text, 'holdfast_of_test')).toBe(7);
      expect(valueOf(text, 'holdfast_leases_held')).toBe(0);
    }
    expect(hanging.asked).toBe(1);
  });

  it('wants a credential that is valid, and tells nothing when it is off', async () => {
    const keys = app.get(ApiKeysService);
    const { key, secret } = await keys.create({ name: 'prometheus', role: 'viewer' }, systemActor);
    expect((await scrape(app, { authorization: `Bearer ${secret}` })).status).toBe(200);
    await keys.revoke(key.id, systemActor);
    expect((await scrape(app, { authorization: `Bearer ${secret}` })).status).toBe(401);
    expect((await scrape(app, {})).status).toBe(401);
    await using off = await openServer('off', app.database);
    const { status, body } = await scrape(off);
    expect([status, body.code]).toEqual([404, 'metrics/off']);
  });

  it('lets programs of this host read without one where that is set, and nobody whom a proxy passes on', async () => {
    await using local = await openServer('loopback', app.database);
    expect((await scrape(local, {})).status).toBe(200);
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
      expect((await scrape(local, { [header]: '127.0.0.1' })).status).toBe(401);
    }
    expect((await request(local.app.getHttpServer()).get('/api/events')).status).toBe(401);
  });

  it('counts the readers of live events, and not their hours as a duration', async () => {
    const reader = await EventReader.open(app);
    await until(async () => valueOf((await scrape()).text, 'holdfast_live_event_streams') === 1);
    reader.close();
    await until(async () => valueOf((await scrape()).text, 'holdfast_live_event_streams') === 0);
    expect((await scrape()).text).not.toMatch(/route="\/api\/events",status="2xx"/);
  });
});
