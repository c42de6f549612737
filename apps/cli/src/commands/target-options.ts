import { type AddressDriver, type NameEncoding, type Transport } from '@app/device-gateway';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ADDRESS_DRIVERS, NAME_ENCODINGS, TRANSPORTS } from '../choices.js';

/** How to reach a terminal, as options of a command. */
export interface TargetOptions {
  readonly transport: Transport;
  readonly commKey: number;
  readonly encoding: NameEncoding;
  readonly driver: AddressDriver;
}

/** Adds the options that say how to reach a terminal. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(new Option('--transport <name>', 'how the terminal is reached').choices(TRANSPORTS).default('tcp'))
    .option('--comm-key <number>', 'comm key from the terminal’s menu; 0: none', parseCommKey, 0)
    .addOption(new Option('--encoding <name>', 'how it stores names').choices(NAME_ENCODINGS).default('auto'))
    .addOption(new Option('--driver <name>', 'who speaks to it').choices(ADDRESS_DRIVERS).default('zk'));
}

export function parseCommKey(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a comm key is a number of 1 to 9 digits');
  return Number(text);
}

/** A whole number within bounds, or commander's usage error. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) {
      throw new InvalidArgumentError(`must be a whole number from ${from} to ${to}`);
    }
    return value;
  };
}
