import { once } from 'node:events';
import { Happenings } from '@app/device-emulator';
import { WebSocket } from 'ws';

type Message = Readonly<Record<string, unknown>>;

/** A client of the terminals' port that says exactly what a test tells it to. */
export class ScriptedTerminal implements AsyncDisposable {
  readonly received: Message[] = [];
  /** What it replies to commands; undefined: nothing. */
  onCommand: (command: Message) => Message | undefined = () => undefined;
  closedWith?: number;
  private readonly happenings = new Happenings();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const message = JSON.parse(Buffer.from(data as Buffer).toString('utf8')) as Message;
      this.received.push(message);
      const reply = 'cmd' in message ? this.onCommand(message) : undefined;
      if (reply) this.say(reply);
      this.happenings.happened();
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closedWith = code;
      this.happenings.happened();
    });
  }

  /** @param from the address that it dials from, one of loopback */
  static async dial(
    url: string,
    options: { readonly from?: string; readonly ca?: string } = {},
  ): Promise<ScriptedTerminal> {
    const { from: localAddress, ca } = options;
    const socket = new WebSocket(url, { localAddress, ca, perMessageDeflate: false });
    const terminal = new ScriptedTerminal(socket);
    await once(socket, 'open');
    return terminal;
  }

  say(message: Message | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The answer to what is said, which is the next message. */
  async ask(message: Message): Promise<Message> {
    const count = this.received.length;
    this.say(message);
    await this.until(() => this.received.length > count);
    return this.received[count];
  }

  /** Resolves when the server has ended the connection. */
  async closed(): Promise<number> {
    await this.until(() => this.closedWith !== undefined);
    return this.closedWith!;
  }

  until(condition: () => boolean): Promise<void> {
    return this.happenings.until(condition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.terminate();
    await closed;
  }
}
