"""What the tests of the shop do often."""

WIDE, NARROW = (1280, 900), (360, 740)
APPROVED, DECLINED, SILENT = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 0119"
ADDRESS = {"Full name": "Ada Lovelace", "Street and number": "12 St James Square",
           "Postcode": "SW1Y 4JH", "City": "London", "Country": "United Kingdom"}


def put_in_cart(shop, product, name):
    shop.open(f"#/product/{product}")
    shop.heading(name)
    shop.click("Add to cart")
    shop.sees(f"{name} is in your cart.")


def to_review(shop):
    """From a cart that is not empty."""
    shop.open("#/checkout/shipping")
    shop.heading("Where should it go?")
    for label, text in ADDRESS.items():
        shop.write(label, text)
    shop.click("Continue to review")
    shop.heading("Does this look right?")
    shop.loaded()


def place_order(shop, total):
    """Returns its id."""
    shop.click(f"Place order for {total}")
    shop.named("Card number")
    return shop.kept("checkout.user-1")["orderId"]


def pay(shop, total, card=APPROVED):
    shop.write("Card number", card)
    shop.click(f"Pay {total}")


def buy(shop, product="p-003", name="Mechanical Keyboard", total="$89.99"):
    """A paid order's id."""
    put_in_cart(shop, product, name)
    to_review(shop)
    order = place_order(shop, total)
    pay(shop, total)
    shop.heading("Thank you for your order")
    return order
