import { type PersonType } from '@app/kernel';
import { PeopleDirectory, type PersonView, personView } from '@app/people';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, table, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

const PAGE = 200;

interface ListOptions {
  readonly text?: string;
  readonly type?: PersonType;
  readonly inactive?: boolean;
  readonly json?: boolean;
}

export const list = (options: ListOptions): Promise<void> =>
  runCommand(options, ({ json, lines, signal }) =>
    withServices(async (app) => {
      const directory = app.get(PeopleDirectory);
      const filter = { text: options.text, personType: options.type, active: options.inactive ? undefined : true };
      const views: PersonView[] = [];
      let cursor: string | undefined;
      do {
        signal.throwIfAborted();
        const page = await directory.list(filter, { limit: PAGE, cursor });
        views.push(...page.items.map(personView));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      if (json) printItems(lines, 'people', views);
      else printPeople(views);
      return ExitCode.DONE;
    }),
  );

function printPeople(views: readonly PersonView[]): void {
  const rows = views.map((view) => [
    view.id,
    view.person_type,
    view.external_reference,
    view.name,
    view.card_number,
    view.active ? 'yes' : 'no',
  ]);
  printData(table(['id', 'type', 'reference', 'name', 'card', 'active'], rows));
}
