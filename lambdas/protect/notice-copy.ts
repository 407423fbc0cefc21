import { entry } from '../../lib/steps/entry.ts';
import { noticeCopy, noticeCopySchema } from '../../lib/steps/protect/notice-copy.ts';

export const handler = entry('protect/notice-copy', noticeCopySchema, noticeCopy);
