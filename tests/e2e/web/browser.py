"""A headless Chromium, and what a reader does with it."""

import base64

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from shopping import WIDE

LIMIT = 15

# The one button, link or input that is seen and has this name: what a screen reader calls it.
NAMED = """
const wanted = arguments[0];
const words = (node) => node.nodeType === Node.TEXT_NODE ? node.textContent
  : node.ariaHidden === "true" || node.hidden ? "" : [...node.childNodes].map(words).join("");
const name = (one) => (one.ariaLabel ?? words(one.labels?.[0] ?? one)).replace(/\\s+/g, " ").trim();
return [...document.querySelectorAll("a, button, input, select")].find((one) => one.checkVisibility() && name(one) === wanted) ?? null;
"""


class Browser:
    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                         "--force-prefers-reduced-motion", "--lang=en-US", "--hide-scrollbars",
                         "--no-first-run", "--disable-background-networking", "--disable-component-update",
                         "--disable-extensions", f"--user-data-dir={folder}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.expected = []

    def end(self):
        self.driver.quit()

    # --- a test's beginning and end ---

    def begin(self, base):
        self.base = base
        self.expected = []
        self.driver.get("about:blank")
        self.cdp("Storage.clearDataForOrigin", origin=base, storageTypes="all")
        self.cdp("Network.setBlockedURLs", urls=[])
        self.size(*WIDE)
        self.scheme("light")
        self.driver.get_log("browser")
        self.open("#/")
        self.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.driver.refresh()

    def complaints(self):
        """The console's errors, but those that hold one of `expected`."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")
                and not any(words in entry["message"] for words in self.expected)]

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def size(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": name},
                           {"name": "prefers-reduced-motion", "value": "reduce"}])

    # --- what a reader does ---

    def open(self, address):
        """An address of ours: "#/cart", "/admin#/"."""
        self.driver.get(f"{self.base}/{address.lstrip('/')}")

    def named(self, name):
        return self.until(lambda: self.driver.execute_script(NAMED, name), f"nothing is named {name!r}")

    def click(self, name):
        """A button or link, once it can be clicked: nothing lies over it."""
        def clicked():
            element = self.driver.execute_script(NAMED, name)
            if element is None or not element.is_enabled():
                return False
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True
        self.until(clicked, f"{name!r} cannot be clicked")

    def write(self, label, text):
        def written():
            field = self.named(label)
            field.clear()
            field.send_keys(text)
            return field.get_attribute("value") == text
        self.until(written, f"{label!r} does not take {text!r}")

    def follow(self, words):
        """The link that has these words among others."""
        def followed():
            self.driver.find_element(By.PARTIAL_LINK_TEXT, words).click()
            return True
        self.until(followed, f"no link has {words!r}")

    def replaced(self, element):
        """Waits until the page has put something else in its place."""
        def stale():
            try:
                return not element.is_enabled()
            except StaleElementReferenceException:
                return True
        self.until(stale, "the page stays as it is")

    def choose(self, label, option):
        Select(self.named(label)).select_by_visible_text(option)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def sees(self, *words):
        """Waits until all of the words stand on the page."""
        self.until(lambda: all(one in self.text() for one in words),
                   lambda: f"{words} are not all on the page:\n{self.text()}")

    def heading(self, words):
        self.until(lambda: self.driver.find_element(By.TAG_NAME, "h1").text == words,
                   lambda: f"the heading is not {words!r}:\n{self.text()}")

    def path(self):
        return self.driver.current_url.partition("#")[2]

    def kept(self, name, storage="sessionStorage"):
        return self.driver.execute_script(f"return JSON.parse({storage}.getItem('troupe.' + arguments[0]))", name)

    def keep(self, storage, name, value):
        self.driver.execute_script("window[arguments[0]].setItem('troupe.' + arguments[1], JSON.stringify(arguments[2]))",
                                   storage, name, value)

    def loaded(self):
        """Waits until nothing is on its way any more: no skeleton is left."""
        self.until(lambda: not self.driver.find_elements(By.CSS_SELECTOR, ".skeleton, .skeleton-card"),
                   "the page does not stop loading")

    def until(self, look, complaint, limit=LIMIT):
        told = complaint if callable(complaint) else lambda: complaint
        wait = WebDriverWait(self.driver, limit, poll_frequency=0.05, ignored_exceptions=(
            NoSuchElementException, StaleElementReferenceException))
        try:
            return wait.until(lambda _: look())
        except Exception as error:
            raise AssertionError(f"not within {limit} s: {told()}") from error

    # --- how it looks ---

    def screenshot(self, path):
        """The whole page, also what is below the window."""
        shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def overflow(self):
        """How many pixels the page is wider than the window."""
        return self.driver.execute_script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
