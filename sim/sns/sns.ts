import type { ListTopicsInput, ListTopicsResponse, PublishInput, PublishResponse } from '@aws-sdk/client-sns';
import { AwsError, NotModelled, type Operation, operation, type Service, type Surroundings } from '../service.ts';
import { uuidSource } from '../uuid.ts';

declare module '../cloud.ts' {
  interface Services {
    sns: Sns;
  }
}

/** A published message. */
export interface Message {
  readonly at: number;
  readonly id: string;
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
}

/** Who is told of a topic's messages; the simulated cloud only keeps the address. */
export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
}

const MESSAGE_BYTES_MAX = 256 * 1024;
const SUBJECT_CHARACTERS_MAX = 100;
const TOPICS_PER_PAGE = 100;
/** Protocols whose receivers are people or hosts outside the cloud. */
const OUTSIDE_PROTOCOLS = ['email', 'email-json', 'sms', 'http', 'https'];

/** The simulated SNS of one Region: topics that keep what is published. */
export class Sns implements Service {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Everything published, oldest first. */
  readonly messages: Message[] = [];
  readonly subscriptions: Subscription[] = [];
  readonly #surroundings: Surroundings;
  readonly #topics = new Set<string>();
  readonly #uuid: () => string;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#uuid = uuidSource(surroundings.cloud, `sns ${surroundings.region}`);
    this.operations = {
      Publish: operation<PublishInput, PublishResponse>(['TopicArn', 'Subject', 'Message'], (input) => ({
        MessageId: this.publish(input.TopicArn ?? '', input.Message ?? '', input.Subject),
      })),
      ListTopics: operation<ListTopicsInput, ListTopicsResponse>(['NextToken'], (input) => this.#list(input)),
    };
  }

  /** Creates a topic, or gives the one of that name. */
  createTopic({ name }: { name: string }): string {
    const { region, account } = this.#surroundings;
    const arn = `arn:aws:sns:${region}:${account}:${name}`;
    this.#topics.add(arn);
    return arn;
  }

  subscribe({ topicArn, protocol, endpoint }: { topicArn: string; protocol: string; endpoint: string }): string {
    this.#check(topicArn);
    if (!OUTSIDE_PROTOCOLS.includes(protocol)) throw new NotModelled(`SNS subscriptions with protocol ${protocol}`);
    const known = this.subscriptions.find(
      (one) => one.topicArn === topicArn && one.protocol === protocol && one.endpoint === endpoint,
    );
    if (known !== undefined) return known.arn;
    const arn = `${topicArn}:${this.#uuid()}`;
    this.subscriptions.push({ arn, topicArn, protocol, endpoint });
    return arn;
  }

  /** Publishes and gives the message's id. */
  publish(topicArn: string, message: string, subject?: string): string {
    this.#check(topicArn);
    checkMessage(message);
    if (subject !== undefined) checkSubject(subject);
    const id = this.#uuid();
    this.messages.push({ at: this.#surroundings.cloud.clock.now(), id, topicArn, subject, message });
    return id;
  }

  #check(topicArn: string): void {
    if (!this.#topics.has(topicArn)) throw new AwsError('NotFoundException', 'Topic does not exist', 404);
  }

  #list({ NextToken }: ListTopicsInput): ListTopicsResponse {
    const from = Number(NextToken ?? 0);
    const until = from + TOPICS_PER_PAGE;
    return {
      Topics: [...this.#topics].slice(from, until).map((TopicArn) => ({ TopicArn })),
      ...(until < this.#topics.size ? { NextToken: String(until) } : {}),
    };
  }
}

function checkMessage(message: string): void {
  if (message === '') throw invalid('Empty message');
  if (Buffer.byteLength(message) > MESSAGE_BYTES_MAX) throw invalid('Message too long');
}

/** ASCII that begins with a letter, digit or punctuation mark, no line breaks, at most 100 characters. */
function checkSubject(subject: string): void {
  const isValid = subject.length <= SUBJECT_CHARACTERS_MAX && /^[\x21-\x7e][\x20-\x7e]*$/.test(subject);
  if (!isValid) throw invalid('Subject');
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid parameter: ${reason}`);
}
