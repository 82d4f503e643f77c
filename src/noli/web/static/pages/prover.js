// SPDX-License-Identifier: Apache-2.0
/** Has the proof of work done in a worker, once a challenge, again when the challenge grew too old. */

import { scriptUrl } from "../hash/trust.js";

/** Milliseconds before its end at which a challenge counts as too old: a slow network must have time to send. */
const MARGIN_MS = 10 * 60 * 1000;

export class Prover {
    /** @param {{text: string, bits: number, expires: string}} challenge what the page came with */
    constructor({ text, bits, expires }) {
        this._until = performance.now() + (new Date(expires).getTime() - Date.now()) - MARGIN_MS;
        this._proof = this._work({ text, bits });
    }

    /**
     * @returns {Promise<string>} a proof that is good to send
     * @throws {Error} a new challenge is needed and there is no network
     */
    async proof() {
        if (performance.now() > this._until) {
            await this.renew();
        }
        return this._proof;
    }

    /** Ask for a new challenge, because the old one is too old or was refused. */
    async renew() {
        const answer = await fetch("/go/challenge", { cache: "no-store" });
        if (!answer.ok) throw new Error("no challenge");
        this._until = performance.now() + MARGIN_MS;
        this._proof = this._work(await answer.json());
    }

    /**
     * @param {{text: string, bits: number}} challenge
     * @returns {Promise<string>}
     */
    _work(challenge) {
        return new Promise((resolve, reject) => {
            const worker = new Worker(scriptUrl("../pages/work.js"), { type: "module" });
            worker.onmessage = ({ data }) => {
                worker.terminate();
                resolve(data);
            };
            worker.onerror = () => reject(new Error("The proof of work cannot be done."));
            worker.postMessage(challenge);
        });
    }
}
