import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What an error code looks like: `device/timeout`, `http/413`. */
const CODE = /^[a-z][a-z-]*\/[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** A code, and where it stands. */
export interface CodeInSource {
  readonly code: string;
  readonly at: string;
}

/** What one or more source files say of error codes. */
export interface CodesOfSource {
  /** Codes that the program gives out: declared by a class, a type, a constructor call or a property. */
  readonly given: readonly CodeInSource[];
  /** Every text with the shape of a code, be it given out, compared or described; imports are none. */
  readonly mentioned: readonly CodeInSource[];
}

/** The sources that are shipped: libs and apps without their specs. */
export function shippedSources(): readonly string[] {
  return ['libs', 'apps'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
      .map((name) => join(folder, name)),
  );
}

/** Reads files with the compiler's own parser. */
export function codesOf(paths: readonly string[]): CodesOfSource {
  const found = paths.map((path) => codesInText(readFileSync(path, 'utf8'), path));
  return { given: found.flatMap(({ given }) => given), mentioned: found.flatMap(({ mentioned }) => mentioned) };
}

/** What one source says of codes. */
export function codesInText(text: string, path: string): CodesOfSource {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const given: CodeInSource[] = [];
  const mentioned: CodeInSource[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) && CODE.test(node.text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const found = { code: node.text, at: `${path}:${line + 1}` };
      mentioned.push(found);
      if (isGiven(node)) given.push(found);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { given, mentioned };
}

const PROPERTIES = ['code', 'errorCode'];

/**
 * Whether the program gives the code out at this place: `readonly code = '…'`, `{ errorCode: '…' }`, a member of a union type
 * that is called `…Code` or is the type of a property `code`, an argument of `new SomethingError(…)` or of `bareProblem(…)`, or
 * one outcome of a choice between codes.
 */
function isGiven(literal: ts.StringLiteralLike): boolean {
  let child: ts.Node = literal;
  for (let node: ts.Node = literal.parent; !ts.isSourceFile(node); child = node, node = node.parent) {
    if (ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertySignature(node)) {
      return !ts.isDecorator(child) && PROPERTIES.includes(node.name.getText());
    }
    if (ts.isTypeAliasDeclaration(node)) return node.name.text.endsWith('Code');
    if (ts.isNewExpression(node)) return node.expression.getText().endsWith('Error');
    if (ts.isCallExpression(node)) return node.expression.getText() === 'bareProblem';
    if (ts.isConditionalExpression(node)) return child !== node.condition;
    if (ts.isDecorator(node) || ts.isBlock(node)) return false;
  }
  return false;
}
