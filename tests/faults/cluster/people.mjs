// Those by whom one sees what nodes know of each other: a resident at each node who provides, listens, subscribes
// and asks who is online, and guests who come and go in a round.

import { Resident } from './resident.mjs';

const ANSWER_MS = 6000;
const PATTERN = 'feed/.*';

export class Inhabitant {
    constructor(node, number, listens) {
        Object.assign(this, { number, listens, provided: new Set(), hasProvider: new Map(), feeds: new Set(), heard: new Map(), asked: 0 });
        this.resident = new Resident(node, `resident-${number}`, {
            onLogin: () => this.settle(), onMessage: (message) => this.hear(message), onEnd: () => this.provided.clear(),
        });
    }

    get name() { return this.resident.name; }
    get isHere() { return this.resident.isHere; }

    settle() {
        this.hasProvider.clear();
        this.resident.send('RPC.PROVIDE', { names: [`serve/${this.number}`], correlationId: 'provide' });
        this.resident.send('EVENT.SUBSCRIBE', { names: ['news'], correlationId: 'news' });
        if (this.listens) this.resident.send('RECORD.LISTEN', { name: PATTERN, correlationId: 'listen' });
        for (const feed of this.feeds) this.wantFeed(feed);
    }

    wantFeed(name) {
        this.feeds.add(name);
        this.resident.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [name], correlationId: name });
    }

    dropFeed(name) {
        this.feeds.delete(name);
        this.hasProvider.delete(name);
        this.resident.send('RECORD.UNSUBSCRIBE', { names: [name], correlationId: `drop ${name}` });
    }

    hear({ kind, name, subscription, correlationId, data }) {
        if (kind === 'RPC.REQUEST') {
            this.resident.send('RPC.ACCEPT', { name, correlationId });
            this.resident.send('RPC.RESPONSE', { name, correlationId, data: `"${this.name}"` });
        } else if (kind === 'RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND') {
            this.provided.add(subscription);
            this.resident.send('RECORD.LISTEN_ACCEPT', { name, subscription });
        } else if (kind === 'RECORD.SUBSCRIPTION_FOR_PATTERN_REMOVED') {
            this.provided.delete(subscription);
        } else if (kind === 'RECORD.SUBSCRIPTION_HAS_PROVIDER') {
            this.hasProvider.set(name, true);
        } else if (kind === 'RECORD.SUBSCRIPTION_HAS_NO_PROVIDER') {
            this.hasProvider.set(name, false);
        } else if (kind === 'EVENT.EMIT') {
            this.heard.set(data, (this.heard.get(data) ?? 0) + 1);
        }
    }

    async online() {
        const answer = await this.resident.ask('PRESENCE.QUERY_ALL', {}, (message) => message.kind === 'PRESENCE.QUERY_ALL_RESPONSE', ANSWER_MS);
        return answer ? new Set([...(answer.names ?? []), this.name]) : null;
    }

    /** How a call ended: the data of its response, or the kind of the error. */
    async call(name) {
        const correlationId = `${this.name} ${++this.asked}`;
        const ends = new Set(['RPC.RESPONSE', 'RPC.NO_RPC_PROVIDER', 'RPC.RESPONSE_TIMEOUT', 'RPC.ACCEPT_TIMEOUT', 'RPC.REQUEST_ERROR']);
        const answer = await this.resident.ask('RPC.REQUEST', { name, correlationId, data: '1' },
            (message) => message.correlationId === correlationId && ends.has(message.kind), ANSWER_MS);
        return answer ? answer.data ?? answer.kind : 'no answer';
    }

    emit(data) {
        this.resident.send('EVENT.EMIT', { name: 'news', data });
        this.heard.set(data, (this.heard.get(data) ?? 0) + 1); // who emits does not hear it
    }
}

/** Provides and subscribes to something of its own. */
export class Guest {
    constructor(node, name) {
        this.resident = new Resident(node, name, {
            onLogin: ({ peer }) => {
                peer.send('RPC.PROVIDE', { names: [`guest/${name}`], correlationId: 'provide' });
                peer.send('EVENT.SUBSCRIBE', { names: [`guest/${name}`], correlationId: 'subscribe' });
            },
        });
    }

    get name() { return this.resident.name; }
    get isHere() { return this.resident.isHere; }
    leave() { return this.resident.leave(); }
}
