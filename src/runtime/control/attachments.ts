// All consoles that are attached: takes in new channels, and writes each batch of changes down once for all of them.

import type { Clock } from '../../domain/clock.ts';
import type { Channel } from '../../protocol/channel.ts';
import { closeCodes, type Limits } from '../../protocol/limits.ts';
import { notificationText } from '../../protocol/rpc.ts';
import { type Attachment, type AttachmentOptions, createAttachment } from './attachment.ts';
import type { ControlServices } from './services.ts';

export interface Attachments {
  readonly size: number;
  accept(channel: Channel, identify: AttachmentOptions['identify']): void;
  close(): void;
}

export function createAttachments(services: ControlServices, limits: Limits, clock: Clock): Attachments {
  const all = new Set<Attachment>();
  const stopTelling = services.store.batches((changes) => {
    if (all.size === 0) return;
    const text = notificationText('model.changes', { changes });
    for (const attachment of all) attachment.changes(text);
  });
  const waitingForAll = (): number => {
    let sum = 0;
    for (const { waiting } of all) sum += waiting;
    return sum;
  };
  return {
    get size() {
      return all.size;
    },
    accept(channel, identify) {
      const attachment = createAttachment({ channel, services, limits, clock, identify, waitingForAll });
      all.add(attachment);
      channel.ended(() => all.delete(attachment));
    },
    close() {
      stopTelling();
      for (const attachment of [...all]) attachment.close(closeCodes.goingAway, 'the runtime ends');
    },
  };
}
