/** What code and template say of the things that `docs/spec.md` lists. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

export function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).toSorted();
}

function sourceOf(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
}

function walk(node: ts.Node, visit: (each: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** A text as written; what is filled in is `…`. Both branches of a choice between two texts. */
function textsOf(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')];
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  return [];
}

/** The progressions that a file writes. */
export function progressionsOf(file: string): string[] {
  const found: string[] = [];
  walk(sourceOf(file), (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'progression')
      found.push(...textsOf(node.initializer));
  });
  return found;
}

function valueOf(node: ts.Expression): number | undefined {
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll('_', ''));
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.AsteriskToken) return undefined;
  const [left, right] = [valueOf(node.left), valueOf(node.right)];
  return left === undefined || right === undefined ? undefined : left * right;
}

const boundName = /(Seconds|Minutes|Ms)(Max)?$|(AtOnce|PerVolume|[iI]nFlightMax|deletionsMax|LooksMax)$/;

/** Numbers with a name like that of a bound in time or of what is done at once, by `<file without lib/ and .ts>: <name>`. */
export function boundsOf(file: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const statement of sourceOf(file).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const value = initializer === undefined ? undefined : valueOf(initializer);
      if (value !== undefined && boundName.test(name.getText()))
        found.set(`${file.replace(/^lib\/|\.ts$/g, '')}: ${name.getText()}`, value);
    }
  }
  return found;
}

/** How many loops a file has that end by a condition and not by a list. */
export function openLoopsOf(file: string): number {
  let count = 0;
  walk(sourceOf(file), (node) => {
    if (ts.isWhileStatement(node) || ts.isDoStatement(node)) count += 1;
    if (ts.isForStatement(node) && node.initializer === undefined) count += 1;
  });
  return count;
}

/** Sections of the fact sheet that a file gives as its source. */
export function factsOf(file: string): string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(/@source aws-facts ((?:\[[\d.]+\](?:, )?)+)/g)].flatMap(
    ([, list = '']) => [...list.matchAll(/\[([\d.]+)\]/g)].map(([, section = '']) => section),
  );
}

export interface Title {
  readonly file: string;
  /** Of the test or group, with those of the groups around it before it. */
  readonly path: readonly string[];
}

function isTestCall(node: ts.CallExpression): boolean {
  let callee: ts.Expression = node.expression;
  while (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) callee = callee.expression;
  return ts.isIdentifier(callee) && (callee.text === 'it' || callee.text === 'describe');
}

/** Titles of the tests and groups of a file. */
export function titlesOf(file: string): Title[] {
  const found: Title[] = [];
  const visit = (node: ts.Node, around: readonly string[]): void => {
    const [first] = ts.isCallExpression(node) ? node.arguments : [];
    const [title] =
      ts.isCallExpression(node) && isTestCall(node) && first !== undefined && !ts.isArrayLiteralExpression(first)
        ? textsOf(first)
        : [];
    const path = title === undefined ? around : [...around, title];
    if (title !== undefined) found.push({ file, path });
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(sourceOf(file), []);
  return found;
}

interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, RawState>>;
  readonly TimeoutSeconds?: number;
}

interface RawState {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Catch?: readonly { readonly Next: string }[];
  readonly Retry?: readonly Retry[];
  readonly MaxConcurrency?: number;
  readonly ItemProcessor?: Definition;
  readonly Branches?: readonly Definition[];
  readonly Parameters?: { readonly FunctionName?: string };
}

export interface Retry {
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
}

export interface State extends RawState {
  readonly name: string;
  /** Of a task: the step that its function runs. */
  readonly step: string | undefined;
}

/** The states of a machine as an operation meets them when all goes well, then where its catches lead. */
function inOrder({ StartAt, States }: Definition, steps: ReadonlyMap<string, string>): State[] {
  const found: State[] = [];
  const caught: string[] = [];
  const visit = (name: string | undefined): void => {
    const state = name === undefined ? undefined : States[name];
    if (name === undefined || state === undefined || found.some((known) => known.name === name)) return;
    found.push({ ...state, name, step: steps.get(state.Parameters?.FunctionName ?? '') });
    for (const inner of [state.ItemProcessor, ...(state.Branches ?? [])])
      if (inner !== undefined) found.push(...inOrder(inner, steps));
    const choices = (state.Choices ?? []).map((choice) => choice.Next);
    for (const next of [state.Next, state.Default, ...choices]) visit(next);
    caught.push(...(state.Catch ?? []).map(({ Next }) => Next));
  };
  visit(StartAt);
  for (const name of caught) visit(name);
  return found;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Machine {
  readonly timeoutSeconds: number;
  readonly states: readonly State[];
}

export interface TemplateFacts {
  readonly machines: ReadonlyMap<string, Machine>;
  /** Step → seconds that one run of its function may take. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Retries and age of what rules and schedules deliver, by the resource's logical id without its digits. */
  readonly deliveries: ReadonlyMap<string, { readonly attempts: number; readonly ageSeconds: number }>;
}

/** @param assembly directory of the synthesized example plan */
export function readTemplate(assembly: string): TemplateFacts {
  const [file = ''] = globSync('*.template.json', { cwd: assembly });
  const { Resources } = JSON.parse(readFileSync(join(assembly, file), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  const ofType = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);
  const functions = ofType('AWS::Lambda::Function').map(([id, { Properties }]): [string, string, number] => [
    id,
    String(Properties['Description']).replace('Homeward ', ''),
    Number(Properties['Timeout']),
  ]);
  const steps = new Map(functions.map(([id, step]) => [id, step]));
  const machines = ofType('AWS::StepFunctions::StateMachine').map(([id, { Properties }]): [string, Machine] => {
    const parts = (Properties['DefinitionString'] as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
    const text = parts.map((part) => (typeof part === 'string' ? part : referenced(part))).join('');
    const definition = JSON.parse(text) as Definition;
    const states = inOrder(definition, steps);
    return [
      /^(Protect|Failover|Failback)/.exec(id)?.[0] ?? id,
      { timeoutSeconds: definition.TimeoutSeconds ?? 0, states },
    ];
  });
  const rules = ofType('AWS::Events::Rule').flatMap(([id, { Properties }]) =>
    (Properties['Targets'] as { RetryPolicy?: RetryPolicy }[]).map(({ RetryPolicy }) => [id, RetryPolicy] as const),
  );
  const schedules = ofType('AWS::Scheduler::Schedule').map(
    ([id, { Properties }]) => [id, (Properties['Target'] as { RetryPolicy?: RetryPolicy }).RetryPolicy] as const,
  );
  return {
    machines: new Map(machines),
    timeouts: new Map(functions.map(([, step, seconds]) => [step, seconds])),
    deliveries: new Map(
      [...rules, ...schedules].map(([id, policy]) => [
        id.replace(/[0-9A-F]{8}$/, ''),
        { attempts: policy?.MaximumRetryAttempts ?? 185, ageSeconds: policy?.MaximumEventAgeInSeconds ?? 86_400 },
      ]),
    ),
  };
}

interface RetryPolicy {
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
}

function referenced(part: unknown): string {
  const got = (part as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'];
  return got?.[0] ?? 'reference';
}
