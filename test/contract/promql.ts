import { parser } from '@prometheus-io/lezer-promql';

/** The names of the figures that an expression asks for. @throws {Error} it is no PromQL */
export function figuresIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`This is no PromQL from character ${from} on: ${expression}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') names.push(expression.slice(from, to));
    },
  });
  return names;
}
