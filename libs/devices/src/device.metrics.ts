import { deviceGauge, type MetricSample, MetricSource, MetricSources } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import { DevicesService } from './devices.service.js';

/** What is known of each enabled terminal since it was last read. */
@Injectable()
export class DeviceMetrics extends MetricSource {
  constructor(
    private readonly devices: DevicesService,
    sources: MetricSources,
  ) {
    super(sources);
  }

  async collectMetrics(): Promise<readonly MetricSample[]> {
    const devices = await this.devices.listEnabled();
    return [
      {
        name: 'holdfast_devices_enabled',
        type: 'gauge',
        help: 'Terminals that are to be read.',
        values: [{ value: devices.length }],
      },
      deviceGauge(
        devices,
        'holdfast_device_last_sync_timestamp_seconds',
        'When a run last read this terminal completely and stored what it held; Unix time. No series: never yet.',
        ({ lastSyncAt }) => lastSyncAt && lastSyncAt.getTime() / 1_000,
      ),
      deviceGauge(
        devices,
        'holdfast_device_clock_drift_seconds',
        'By how much the clock of this terminal is ahead; negative: behind.',
        ({ clockDriftSeconds }) => clockDriftSeconds,
      ),
      deviceGauge(
        devices,
        'holdfast_device_quarantined',
        '1: another terminal answers in the place of this one.',
        ({ quarantinedAt }) => Number(quarantinedAt !== null),
      ),
    ];
  }
}
