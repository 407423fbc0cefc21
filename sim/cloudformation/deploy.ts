import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cloud } from '../cloud.ts';
import { NotModelled } from '../service.ts';
import type { DeployedResource, DeployedStack } from './cloudformation.ts';
import { type Created, holds, referencesIn, resolve, type Scope } from './intrinsics.ts';
import type { Properties, ResourceTypes, Site } from './resource-type.ts';
import { functionTypes } from './resources/functions.ts';
import { machineTypes } from './resources/machines.ts';
import { stateTypes } from './resources/state.ts';

const TYPES: ResourceTypes = { ...functionTypes, ...machineTypes, ...stateTypes };
const IGNORED_TYPES = ['AWS::CDK::Metadata'];
const RESOURCE_MEMBERS = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
];
const TEMPLATE_MEMBERS = [
  'Resources',
  'Outputs',
  'Parameters',
  'Conditions',
  'Rules',
  'Metadata',
  'Description',
  'AWSTemplateFormatVersion',
];

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DependsOn?: string | string[];
  readonly Condition?: string;
}

interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, { Value: unknown; Description?: string; Condition?: string }>;
  readonly Parameters?: Record<string, { Type: string; Default?: string }>;
  readonly Conditions?: Record<string, unknown>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly properties?: { templateFile?: string; stackName?: string; file?: string };
}

interface AssetManifest {
  readonly files?: Record<string, { source: { path?: string }; destinations: Record<string, { objectKey: string }> }>;
}

/** Deploys every stack of what `cdk synth` wrote, each into the Region of its environment. */
export async function deployAssembly(cloud: Cloud, assemblyDir: string): Promise<DeployedStack[]> {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(assemblyDir, file), 'utf8'));
  const { artifacts = {} } = read('manifest.json') as { artifacts?: Record<string, Artifact> };
  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type === 'cdk:cloud-assembly') throw new NotModelled('a nested cloud assembly');
    if (type !== 'cdk:asset-manifest') continue;
    const { files = {} } = read(properties?.file ?? '') as AssetManifest;
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations))
        assets.set(objectKey, join(assemblyDir, source.path ?? ''));
    }
  }
  const stacks: DeployedStack[] = [];
  for (const [id, { type, environment = '', properties }] of Object.entries(artifacts)) {
    if (type !== 'aws:cloudformation:stack') continue;
    const region = environment.split('/').at(-1) ?? '';
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) throw new NotModelled(`stack ${id} without a Region (${environment})`);
    const template = read(properties?.templateFile ?? '') as Template;
    stacks.push(await deployStack(cloud, region, properties?.stackName ?? id, template, assets));
  }
  return stacks;
}

/** Deploys one template; `assets` gives the directory of each asset by its S3 key. */
export async function deployStack(
  cloud: Cloud,
  region: string,
  name: string,
  template: Template,
  assets: ReadonlyMap<string, string> = new Map(),
): Promise<DeployedStack> {
  refuseOthers(`the template member`, template, TEMPLATE_MEMBERS);
  const { cloudformation } = cloud.services(region);
  if (cloudformation.stacks.has(name)) throw new NotModelled(`an update of the stack ${name}`);
  const id = `arn:aws:cloudformation:${region}:${cloud.account}:stack/${name}/${digest(`${region} ${name}`).slice(0, 12)}`;
  const created = new Map<string, Created>();
  const scope: Scope = {
    values: valuesOf(cloud, region, name, id, template),
    created,
    conditions: template.Conditions ?? {},
  };
  const isWanted = ({ Condition }: { Condition?: string }) =>
    Condition === undefined || holds(scope.conditions[Condition], scope);
  const resources: DeployedResource[] = [];
  for (const logicalId of inOrder(template)) {
    const resource = template.Resources[logicalId];
    if (resource === undefined || IGNORED_TYPES.includes(resource.Type) || !isWanted(resource)) continue;
    const properties = checked(logicalId, resource, scope);
    const site = siteOf(cloud, region, name, logicalId, assets);
    const made = await TYPES[resource.Type]?.create(properties, site);
    if (made === undefined) continue;
    created.set(logicalId, made);
    resources.push({ logicalId, type: resource.Type, physicalId: made.ref, properties });
  }
  const outputs = Object.entries(template.Outputs ?? {})
    .filter(([, output]) => isWanted(output))
    .map(([key, { Value, Description }]) => ({
      key,
      value: String(resolve(Value, scope)),
      ...(Description === undefined ? {} : { description: Description }),
    }));
  const stack = { id, name, createdAt: cloud.clock.now(), resources, outputs };
  cloudformation.stacks.set(name, stack);
  return stack;
}

function checked(logicalId: string, resource: Resource, scope: Scope): Properties {
  refuseOthers(`the resource member (${logicalId})`, resource, RESOURCE_MEMBERS);
  const type = TYPES[resource.Type];
  if (type === undefined) throw new NotModelled(`the resource type ${resource.Type} (${logicalId})`);
  const properties = (resolve(resource.Properties ?? {}, scope) ?? {}) as Properties;
  refuseOthers(`the property of ${resource.Type} (${logicalId})`, properties, type.models);
  return properties;
}

function refuseOthers(what: string, found: object, known: readonly string[]): void {
  const other = Object.keys(found).find((member) => !known.includes(member));
  if (other !== undefined) throw new NotModelled(`${what} ${other}`);
}

function valuesOf(cloud: Cloud, region: string, stackName: string, stackId: string, template: Template) {
  const values = new Map([
    ['AWS::Region', region],
    ['AWS::AccountId', cloud.account],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackId],
  ]);
  for (const [name, parameter] of Object.entries(template.Parameters ?? {})) {
    const value = name === 'BootstrapVersion' ? '30' : parameter.Default;
    if (value === undefined) throw new NotModelled(`the parameter ${name}, which has no default`);
    values.set(name, value);
  }
  return values;
}

/** Logical ids, each after what it refers to. */
function inOrder(template: Template): string[] {
  const ordered: string[] = [];
  const open = new Set<string>();
  const visit = (logicalId: string) => {
    const resource = template.Resources[logicalId];
    if (resource === undefined || ordered.includes(logicalId)) return;
    if (open.has(logicalId)) throw new Error(`Circular dependency between resources: ${[...open].join(', ')}`);
    open.add(logicalId);
    for (const needed of [...[resource.DependsOn ?? []].flat(), ...referencesIn(resource.Properties)]) visit(needed);
    open.delete(logicalId);
    ordered.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId);
  return ordered;
}

function siteOf(
  cloud: Cloud,
  region: string,
  stackName: string,
  logicalId: string,
  assets: ReadonlyMap<string, string>,
): Site {
  return {
    cloud,
    region,
    account: cloud.account,
    stackName,
    logicalId,
    physicalName(charactersMax) {
      const suffix = digest(`${region} ${stackName} ${logicalId}`).slice(0, 12).toUpperCase();
      return `${`${stackName}-${logicalId}`.slice(0, charactersMax - 13)}-${suffix}`;
    },
    assetDir(key) {
      const directory = assets.get(key);
      if (directory === undefined)
        throw new NotModelled(`the asset ${key}, which is not in the assembly (${logicalId})`);
      return directory;
    },
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
