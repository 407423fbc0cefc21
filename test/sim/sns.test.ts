import { beforeEach, describe, expect, it } from 'vitest';
import { Sns } from '../../sim/sns/sns.ts';
import { callOf, ManualCloud } from './manual-cloud.ts';

let cloud: ManualCloud;
let sns: Sns;
let TopicArn: string;

beforeEach(() => {
  cloud = new ManualCloud();
  sns = new Sns(cloud.surroundings());
  TopicArn = sns.createTopic({ name: 'notices' });
});

describe('a topic', () => {
  it('keeps what is published, with its virtual time', async () => {
    await cloud.advance(5);
    const { MessageId } = await callOf(sns, 'Publish', { TopicArn, Subject: 'Over', Message: 'all is well' });
    expect(sns.messages).toEqual([
      { at: cloud.clock.now(), id: MessageId, topicArn: TopicArn, subject: 'Over', message: 'all is well' },
    ]);
  });

  it('is one per name, and is listed', async () => {
    expect(sns.createTopic({ name: 'notices' })).toBe(TopicArn);
    expect(await callOf(sns, 'ListTopics', {})).toEqual({ Topics: [{ TopicArn }] });
  });

  it('that does not exist refuses messages', async () => {
    const publish = callOf(sns, 'Publish', { TopicArn: `${TopicArn}-other`, Message: 'a' });
    await expect(publish).rejects.toMatchObject({ code: 'NotFoundException' });
  });

  it('refuses a subject with a line break or over 100 characters, and an empty message', async () => {
    const wrong = [
      { Subject: 'a\nb', Message: 'a' },
      { Subject: 'é', Message: 'a' },
      { Subject: 'x'.repeat(101), Message: 'a' },
      { Message: '' },
    ];
    for (const each of wrong) {
      await expect(callOf(sns, 'Publish', { TopicArn, ...each })).rejects.toMatchObject({
        code: 'InvalidParameterException',
      });
    }
    expect(sns.messages).toEqual([]);
  });

  it('keeps addresses of people, once each, and refuses receivers inside the cloud', () => {
    const subscription = { topicArn: TopicArn, protocol: 'email', endpoint: 'ops@example.com' };
    expect(sns.subscribe(subscription)).toBe(sns.subscribe(subscription));
    expect(sns.subscriptions).toHaveLength(1);
    expect(() => sns.subscribe({ ...subscription, protocol: 'sqs' })).toThrow('protocol sqs');
  });
});
