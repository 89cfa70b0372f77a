// A way over TCP from one node to its bus that can be cut, made silent, made slow, or led to another bus,
// while the ways of the other nodes stay as they are.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Carries the bytes of one direction, in order, each after the delay that is set when it comes. */
class Lane {
    constructor(crossing, from, to) {
        Object.assign(this, { crossing, from, to, queue: [], timer: null });
        from.on('data', (bytes) => {
            this.queue.push({ bytes, due: performance.now() + crossing.delayMs });
            this.move();
        });
    }

    move() {
        if (this.crossing.isSilent || this.timer !== null || this.to.destroyed) return;
        while (this.queue.length > 0) {
            const wait = this.queue[0].due - performance.now();
            if (wait > 0) {
                this.timer = setTimeout(() => { this.timer = null; this.move(); }, wait);
                return;
            }
            this.to.write(this.queue.shift().bytes);
        }
    }
}

export class Crossing {
    constructor(target) {
        Object.assign(this, { target, delayMs: 0, isSilent: false, isCut: false, pairs: new Set() });
        this.server = createServer((near) => this.join(near));
    }

    async start() {
        this.server.listen(0, '127.0.0.1');
        await once(this.server, 'listening');
        this.port = this.server.address().port;
        return this;
    }

    join(near) {
        near.on('error', () => {});
        if (this.isCut) {
            near.resetAndDestroy();
            return;
        }
        const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
        near.setNoDelay(true);
        const pair = { near, far, lanes: [new Lane(this, near, far), new Lane(this, far, near)] };
        this.pairs.add(pair);
        far.on('error', () => {});
        for (const [one, other] of [[near, far], [far, near]]) {
            one.on('close', () => {
                this.pairs.delete(pair);
                other.destroy();
            });
        }
    }

    dropAll() {
        for (const { near, far } of [...this.pairs]) {
            near.resetAndDestroy();
            far.destroy();
        }
    }

    cut() {
        this.isCut = true;
        this.dropAll();
    }

    mend() {
        this.isCut = false;
    }

    /** Connected, but nothing comes through. */
    silence() {
        this.isSilent = true;
    }

    /** What was sent meanwhile comes now. */
    speak() {
        this.isSilent = false;
        for (const { lanes } of this.pairs) for (const lane of lanes) lane.move();
    }

    slow(milliseconds) {
        this.delayMs = milliseconds;
    }

    lead(target) {
        this.target = target;
        this.dropAll();
    }

    async stop() {
        this.dropAll();
        this.server.close();
        await once(this.server, 'close');
    }
}
