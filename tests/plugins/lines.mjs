// A client of the example tcp-lines.

import { connect } from 'node:net';
import { until } from '../scenarios/stage.mjs';

/** A plain socket of tcp-lines: objects in, objects out. */
export class Lines {
    constructor(port) {
        this.seen = [];
        this.socket = connect(port, '127.0.0.1');
        this.ended = new Promise((done) => this.socket.on('close', done));
        let rest = '';
        this.socket.setEncoding('utf8').on('error', () => {}).on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            this.seen.push(...lines.map((line) => JSON.parse(line)));
        });
    }

    send(message) {
        this.socket.write(`${JSON.stringify(message)}\n`);
    }

    /** The first message that has these members. */
    async sees(members) {
        const fits = (message) => Object.entries(members).every(([key, value]) => message[key] === value);
        await until(() => this.seen.some(fits), `${JSON.stringify(members)} in ${JSON.stringify(this.seen)}`);
        return this.seen.find(fits);
    }

    static async login(port, username) {
        const lines = new Lines(port);
        lines.send({ topic: 2, action: 5, url: 'x' });
        await lines.sees({ topic: 2, action: 4 });
        lines.send({ topic: 3, action: 2, parsedData: { username } });
        await lines.sees({ topic: 3, action: 3 });
        return lines;
    }
}
