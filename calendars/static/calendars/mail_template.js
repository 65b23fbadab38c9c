// Shows what is typed into a mail template as it would be read, a moment after the last key.
"use strict";

const PARTS = ["subject", "text", "html"];
const PAUSE = 400;

document.addEventListener("DOMContentLoaded", () => {
    const preview = document.querySelector("[data-preview]");
    const fields = PARTS.map((name) => document.getElementById(`id_${name}`));
    if (preview === null || fields.includes(null)) return;
    let timer, turn = 0;

    async function show() {
        const mine = ++turn;
        const body = new FormData();
        fields.forEach((field) => body.append(field.name, field.value));
        const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
        try {
            const answer = await fetch(preview.dataset.preview, { method: "POST", headers: { "X-CSRFToken": token }, body });
            const html = await answer.text();
            if (answer.ok && !answer.redirected && mine === turn) preview.innerHTML = html;
        } catch {
            // The server is away: what was shown last stays.
        }
    }

    for (const field of fields) {
        field.addEventListener("input", () => {
            clearTimeout(timer);
            timer = setTimeout(show, PAUSE);
        });
    }
});
