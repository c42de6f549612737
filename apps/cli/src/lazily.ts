/** What a command does, given its arguments and options as commander has read them. */
type Action = (...given: never[]) => Promise<void>;

/**
 * The action of a command, loaded only when the command is run: `--help` reads the definitions in `commands/` alone, and
 * neither Nest nor TypeORM. So a definition imports no library of ours but the kernel.
 */
export function lazily(load: () => Promise<Action>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // What Nest and TypeORM are told of types is lost unless this comes first.
    await import('reflect-metadata');
    const action = await load();
    await action(...(given as never[]));
  };
}
