import type { NormalizedSchema } from '@smithy/core/schema';
import { XMLParser } from 'fast-xml-parser';
import { AwsError } from '../service.ts';
import { scalarOf, textOf } from './scalar.ts';
import { hasTrait, type Member, membersOf, traitOf } from './schema.ts';

/** What stands in an element: its text, or its children by name; of one name there may be several. */
type Content = string | { readonly [name: string]: Content | readonly Content[] };

const parser = new XMLParser({
  ignoreDeclaration: true,
  removeNSPrefix: true,
  // Texts stay what they are: `007` is no number, and blanks at the ends of a value belong to it.
  parseTagValue: false,
  trimValues: false,
  // Decodes numeric references too: SDKs write a line break as `&#xA;`.
  htmlEntities: true,
});

/** The content of an XML document's root. @throws AwsError MalformedInput */
export function parseXml(text: string): Content {
  if (text === '') return '';
  try {
    const [root = ''] = Object.values(parser.parse(text, true) as Record<string, Content>);
    return root;
  } catch (error) {
    throw new AwsError('MalformedInput', `The request's body is not XML: ${(error as Error).message}`);
  }
}

/** Decodes the named children of an element. */
export function structureFromXml(members: readonly Member[], content: Content): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [name, member] of members) {
    const inner = childrenOf(content, elementOf(name, member));
    const [first] = inner;
    if (first !== undefined) decoded[name] = isFlat(member) ? flatFromXml(member, inner) : fromXml(member, first);
  }
  return decoded;
}

/** Decodes the content of an element into the SDK's shape. */
function fromXml(schema: NormalizedSchema, content: Content): unknown {
  if (schema.isListSchema()) return flatFromXml(schema, childrenOf(content, itemOf(schema)));
  if (schema.isMapSchema()) return flatFromXml(schema, childrenOf(content, 'entry'));
  if (schema.isStructSchema()) return structureFromXml(membersOf(schema), content);
  return scalarOf(schema, typeof content === 'string' ? content : '');
}

function flatFromXml(schema: NormalizedSchema, items: readonly Content[]): unknown {
  if (schema.isListSchema()) return items.map((item) => fromXml(schema.getValueSchema(), item));
  const [key, value] = pairOf(schema);
  return Object.fromEntries(
    items.map((item) => [
      String(childrenOf(item, key)[0] ?? ''),
      fromXml(schema.getValueSchema(), childrenOf(item, value)[0] ?? ''),
    ]),
  );
}

function childrenOf(content: Content, name: string): readonly Content[] {
  const found = typeof content === 'string' ? undefined : content[name];
  return found === undefined ? [] : [found].flat();
}

/** Encodes members as elements. */
export function structureToXml(members: readonly Member[], fields: object): string {
  return members
    .map(([name, member]) => {
      const value = (fields as Record<string, unknown>)[name];
      if (value === undefined || value === null) return '';
      const tag = elementOf(name, member);
      return isFlat(member)
        ? flatToXml(member, value)
            .map((item) => element(tag, item))
            .join('')
        : element(tag, toXml(member, value));
    })
    .join('');
}

/** Encodes the SDK's shape as the content of an element. */
export function toXml(schema: NormalizedSchema, value: unknown): string {
  if (schema.isListSchema() || schema.isMapSchema()) {
    const tag = schema.isListSchema() ? itemOf(schema) : 'entry';
    return flatToXml(schema, value)
      .map((item) => element(tag, item))
      .join('');
  }
  return schema.isStructSchema() ? structureToXml(membersOf(schema), value as object) : escaped(textOf(value));
}

function flatToXml(schema: NormalizedSchema, value: unknown): string[] {
  const inner = schema.getValueSchema();
  if (schema.isListSchema()) return (value as unknown[]).map((item) => toXml(inner, item));
  const [keyTag, valueTag] = pairOf(schema);
  return Object.entries(value as object).map(
    ([key, item]) => element(keyTag, escaped(key)) + element(valueTag, toXml(inner, item)),
  );
}

export function element(tag: string, content: string, namespace?: string): string {
  return `<${tag}${namespace === undefined ? '' : ` xmlns="${escaped(namespace)}"`}>${content}</${tag}>`;
}

export function xmlDocument(root: string): Uint8Array {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${root}`);
}

/** A carriage return must be escaped: parsers read a bare one as a line feed. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
}

function elementOf(name: string, member: NormalizedSchema): string {
  return traitOf(member, 'xmlName') ?? name;
}

/** The element of a list's items: `item` in EC2, `ResourceRecord` and the like in Route 53, else `member`. */
function itemOf(list: NormalizedSchema): string {
  return traitOf(list.getValueSchema(), 'xmlName') ?? 'member';
}

function pairOf(map: NormalizedSchema): readonly [key: string, value: string] {
  return [traitOf(map.getKeySchema(), 'xmlName') ?? 'key', traitOf(map.getValueSchema(), 'xmlName') ?? 'value'];
}

function isFlat(schema: NormalizedSchema): boolean {
  return hasTrait(schema, 'xmlFlattened');
}
