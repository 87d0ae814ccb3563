// Live parts of the console's pages. Everything can be read without this script.
"use strict";

(() => {
  const put = {
    replace(element, event) {
      const open = [...element.querySelectorAll("details")].map((each) => each.open);
      const focused = document.activeElement;
      if (focused && element.contains(focused) && focused !== document.body) return; // not under the fingers
      element.innerHTML = event.data;
      element.querySelectorAll("details").forEach((each, place) => { each.open = open[place] === true; });
    },
    rows(element, event) {
      const hidden = /^<!-- (\d+) -->/m.exec(event.data);
      const note = document.querySelector("[data-hidden-note]");
      if (note) note.textContent = hidden && hidden[1] !== "0" ? `${hidden[1]} ${note.dataset.text}` : "";
      const made = document.createElement("tbody");
      made.innerHTML = event.data;
      const rows = [...made.querySelectorAll("tr")];
      if (!rows.length) return;
      rows.forEach((row) => row.classList.add("fresh"));
      element.prepend(...rows);
      const most = Number(element.dataset.most);
      while (element.rows.length > most) element.deleteRow(-1);
      document.querySelectorAll("[data-empty]").forEach((each) => each.remove());
    },
  };

  for (const element of document.querySelectorAll("[data-live]")) {
    let source = null;
    const begin = () => {
      source = new EventSource(element.dataset.live);
      source.addEventListener(element.dataset.mode, (event) => put[element.dataset.mode](element, event));
      document.documentElement.classList.add("is-live");
    };
    const end = () => {
      if (source) source.close();
      source = null;
      document.documentElement.classList.remove("is-live");
    };
    const button = document.querySelector("[data-pause]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const going = source !== null;
        if (going) end(); else { element.dataset.live = element.dataset.live.replace(/([?&])after=\d+/, "$1"); begin(); }
        button.textContent = going ? button.dataset.resumeText : button.dataset.pauseText;
        button.setAttribute("aria-pressed", String(going));
      });
    }
    document.addEventListener("visibilitychange", () => {
      if (button && button.getAttribute("aria-pressed") === "true") return;
      if (document.hidden) end(); else if (source === null) begin();
    });
    begin();
  }
})();
