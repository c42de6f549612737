/** The server ends the process itself, when it is told to stop or cannot start. Its own program, so it is not imported. */
const SERVER = new URL('../../../server/src/main.js', import.meta.url);

export async function serve(): Promise<void> {
  await import(SERVER.href);
}
