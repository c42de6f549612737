import { administrator } from '@app/kernel';
import { ChannelsService, type ChannelView, channelView } from '@app/notification';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

export const list = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const views = (await app.get(ChannelsService).list()).map(channelView);
      if (json) printItems(lines, 'channels', views);
      else printData(table(['channel', 'name', 'kind', 'from severity', 'quiet', 'names'], views.map(rowOf)));
      return ExitCode.DONE;
    }),
  );

export const test = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const channels = app.get(ChannelsService);
      const { id, name } = await channels.resolve(wanted);
      await channels.test(id, administrator('cli'), signal);
      if (json) printJson({ channel: name, taken: true });
      else printData(`"${name}" took the test message`);
      return ExitCode.DONE;
    }),
  );

function rowOf(view: ChannelView): (string | null)[] {
  const quiet = view.quiet_from === null ? 'never' : `${view.quiet_from} to ${view.quiet_until}`;
  const kind = view.enabled ? view.kind : `${view.kind} (off)`;
  return [view.id, view.name, kind, view.min_severity, quiet, view.initials_only ? 'initials' : 'whole'];
}
