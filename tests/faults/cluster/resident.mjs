// A peer that stays at one node: when its connection ends it connects again, as clients do, and says once more what it wants.

import { Peer } from '../../support/wire.mjs';

const RETRY_MS = 50;
const HANDSHAKE_MS = 30000;

export class Resident {
    /** onLogin(resident): what it says first, each time. onMessage(message): all that comes. */
    constructor(node, name, { onLogin, onMessage, onEnd } = {}) {
        Object.assign(this, { node, name, onLogin, onMessage, onEnd, peer: null, isLeaving: false, expected: new Set(), logins: 0 });
        this.life = this.live();
    }

    get isHere() {
        return this.peer !== null;
    }

    async live() {
        while (!this.isLeaving) {
            const peer = await this.login().catch(() => null);
            if (peer === null) {
                await new Promise((next) => setTimeout(next, RETRY_MS));
                continue;
            }
            await this.stay(peer);
        }
    }

    async login() {
        const peer = await Peer.connect(this.node.port, { name: this.name });
        this.connecting = peer;
        try {
            peer.send('CONNECTION.CHALLENGE', { url: 'ws://test', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
            await this.handshake(peer, 'CONNECTION.ACCEPT');
            peer.send('AUTH.REQUEST', { data: JSON.stringify({ username: this.name }) });
            await this.handshake(peer, 'AUTH.AUTH_SUCCESSFUL');
            return peer;
        } catch (error) {
            await peer.close();
            throw error;
        } finally {
            this.connecting = null;
        }
    }

    async handshake(peer, kind) {
        await peer.until(() => peer.isClosed || this.isLeaving || peer.last(kind), kind, HANDSHAKE_MS);
        if (peer.isClosed || this.isLeaving) throw new Error('the connection has ended');
    }

    async stay(peer) {
        peer.forget();
        this.peer = peer;
        this.logins++;
        peer.watchers.add(() => this.read(peer));
        this.onLogin?.(this);
        await new Promise((done) => {
            this.ended = done;
            if (peer.isClosed) done();
        });
    }

    read(peer) {
        const messages = peer.messages.splice(0);
        peer.lines.length = 0;
        for (const message of messages) {
            for (const wait of [...this.expected]) if (wait.fits(message)) this.meet(wait, message);
            this.onMessage?.(message);
        }
        if (!peer.isClosed || this.peer !== peer) return;
        this.peer = null;
        for (const wait of [...this.expected]) this.meet(wait, null);
        this.onEnd?.();
        this.ended();
    }

    meet(wait, message) {
        this.expected.delete(wait);
        clearTimeout(wait.timer);
        wait.done(message);
    }

    send(kind, fields) {
        this.peer?.send(kind, fields);
    }

    /** Sends, and waits for the message that fits: null when the connection ends, undefined when none comes. */
    ask(kind, fields, fits, milliseconds) {
        if (this.peer === null) return Promise.resolve(null);
        return new Promise((done) => {
            const wait = { fits, done, timer: setTimeout(() => this.meet(wait, undefined), milliseconds) };
            this.expected.add(wait);
            this.send(kind, fields);
        });
    }

    async leave() {
        this.isLeaving = true;
        if (this.connecting) await this.connecting.close();
        if (this.peer) await this.peer.close();
        await this.life;
    }
}
