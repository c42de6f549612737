import { type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Device } from './device.entity.js';
import { DevicesService } from './devices.service.js';

/** What is known of each enabled terminal since it was last read. */
@Injectable()
export class DeviceMetrics extends MetricSource implements OnModuleInit {
  constructor(
    private readonly devices: DevicesService,
    private readonly sources: MetricSources,
  ) {
    super();
  }

  onModuleInit(): void {
    this.sources.register(this);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const devices = await this.devices.listEnabled();
    const perDevice = (name: string, help: string, valueOf: (device: Device) => number | null): MetricSample => ({
      name,
      type: 'gauge',
      help,
      values: devices.flatMap((device) => {
        const value = valueOf(device);
        return value === null ? [] : [{ labels: { device: device.slug }, value }];
      }),
    });
    return [
      {
        name: 'holdfast_devices_enabled',
        type: 'gauge',
        help: 'Terminals that are to be read.',
        values: [{ value: devices.length }],
      },
      perDevice(
        'holdfast_device_last_sync_timestamp_seconds',
        'When a run last read this terminal completely and stored what it held; Unix time. No series: never yet.',
        ({ lastSyncAt }) => lastSyncAt && lastSyncAt.getTime() / 1_000,
      ),
      perDevice(
        'holdfast_device_clock_drift_seconds',
        'By how much the clock of this terminal is ahead; negative: behind.',
        ({ clockDriftSeconds }) => clockDriftSeconds,
      ),
      perDevice(
        'holdfast_device_quarantined',
        '1: another terminal answers in the place of this one.',
        ({ quarantinedAt }) => Number(quarantinedAt !== null),
      ),
    ];
  }
}
