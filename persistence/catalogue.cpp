#include "domain/money.hpp"
#include "persistence/migrations.hpp"
#include "persistence/pg.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace troupe {

namespace {

struct article {
  std::string_view category, name;
  cents price;
  std::string_view description;
};

// Ids are given by place ("p-001", …): append, never insert.
constexpr std::array<article, 100> catalogue{{
    // Electronics
    {"Electronics", "Wireless Headphones", 12999,
     "Over-ear headphones with noise cancelling and 30 hours of battery."},
    {"Electronics", "Bluetooth Speaker", 5999,
     "A pocket speaker that survives rain, sand and a fall from the table."},
    {"Electronics", "Mechanical Keyboard", 8999,
     "Tenkeyless, hot-swappable switches, a quiet click under every key."},
    {"Electronics", "Ergonomic Mouse", 4499,
     "A vertical mouse that keeps the wrist in a natural position."},
    {"Electronics", "27-inch Monitor", 27900,
     "QHD panel with an adjustable stand and one cable for picture and power."},
    {"Electronics", "USB-C Hub", 3999,
     "Seven ports in aluminium: HDMI, card reader, network and power."},
    {"Electronics", "Portable SSD 1 TB", 10900,
     "Reads a gigabyte a second and fits into a coin pocket."},
    {"Electronics", "Webcam 1080p", 6499,
     "Sharp in low light, with a shutter for when you are off the air."},
    {"Electronics", "Smart Watch", 19900, "Heart rate, sleep and a week between charges."},
    {"Electronics", "E-Book Reader", 13900,
     "A paper-like screen with warm light and weeks of reading."},
    {"Electronics", "Power Bank 20000 mAh", 4299, "Charges a phone four times, a laptop once."},
    {"Electronics", "Desk Microphone", 7999,
     "A cardioid microphone that makes calls sound like radio."},
    {"Electronics", "Wi-Fi 6 Router", 11900, "Covers a whole flat and never asks to be restarted."},
    // Books
    {"Books", "The Quiet Harbour", 1499,
     "A novel about a lighthouse keeper who stops writing letters."},
    {"Books", "Cooking with Seasons", 2999, "120 recipes sorted by what the market has today."},
    {"Books", "A Short History of Maps", 2499,
     "How people drew the world before they had seen it."},
    {"Books", "Algorithms by Hand", 4999, "Every algorithm worked through on paper first."},
    {"Books", "The Gardener's Year", 1999, "Twelve months of small jobs that make a garden."},
    {"Books", "Letters from the North", 1299, "Short stories from above the polar circle."},
    {"Books", "Night Sky Atlas", 3499, "Star charts for both hemispheres, readable by red light."},
    {"Books", "Bread at Home", 2299, "Sourdough without superstition."},
    {"Books", "The Last Tram", 1399, "A detective story that takes place in one night."},
    {"Books", "Learning to Sketch", 1799, "Thirty lessons of twenty minutes each."},
    {"Books", "Rivers of Europe", 2799, "A travel guide that follows the water."},
    {"Books", "Poems for the Train", 999, "One poem for each stop."},
    {"Books", "Small Animals, Big Lives", 1699, "What hedgehogs, swifts and beetles do all day."},
    // Home & Kitchen
    {"Home & Kitchen", "Cast Iron Pan", 3999, "Pre-seasoned, 26 cm, for a lifetime of pancakes."},
    {"Home & Kitchen", "Chef's Knife", 6999, "20 cm blade of hard steel with a walnut handle."},
    {"Home & Kitchen", "French Press", 2999, "One litre of coffee with no paper and no fuss."},
    {"Home & Kitchen", "Electric Kettle", 4499, "Holds the temperature that your tea asks for."},
    {"Home & Kitchen", "Linen Bed Set", 11900, "Stonewashed linen that gets softer every year."},
    {"Home & Kitchen", "Wool Blanket", 7999, "Woven in one piece, warm without weight."},
    {"Home & Kitchen", "Ceramic Bowl Set", 3499, "Four bowls, each glazed a little differently."},
    {"Home & Kitchen", "Oak Cutting Board", 2799, "End grain, oiled, kind to knives."},
    {"Home & Kitchen", "Glass Storage Boxes", 2499, "Six sizes that stack and close tightly."},
    {"Home & Kitchen", "Table Lamp", 5499, "Dimmable light with a shade of pleated paper."},
    {"Home & Kitchen", "Salad Spinner", 1999, "Dry leaves in ten seconds."},
    {"Home & Kitchen", "Digital Kitchen Scale", 1899, "One gram exact up to five kilograms."},
    {"Home & Kitchen", "Espresso Cups", 2199, "Six thick-walled cups that keep the warmth."},
    // Sports & Outdoors
    {"Sports & Outdoors", "Yoga Mat", 2999, "Natural rubber that does not slip."},
    {"Sports & Outdoors", "Trail Running Shoes", 11900, "Grip for mud, cushions for stones."},
    {"Sports & Outdoors", "Two-Person Tent", 19900,
     "Stands in five minutes, weighs two kilograms."},
    {"Sports & Outdoors", "Sleeping Bag", 12900, "Comfortable down to the freezing point."},
    {"Sports & Outdoors", "Hiking Backpack 40 L", 9999,
     "Carries its weight on the hips, where it belongs."},
    {"Sports & Outdoors", "Steel Water Bottle", 2499, "Cold for a day, hot for twelve hours."},
    {"Sports & Outdoors", "Adjustable Dumbbells", 15900,
     "From 2 to 20 kilograms with a turn of the wrist."},
    {"Sports & Outdoors", "Jump Rope", 1499, "Ball bearings and a cable that does not tangle."},
    {"Sports & Outdoors", "Cycling Helmet", 6999,
     "Light, well aired, easy to adjust with one hand."},
    {"Sports & Outdoors", "Head Torch", 3499, "300 lumens and a red mode for the camp."},
    {"Sports & Outdoors", "Climbing Chalk Bag", 1799, "Closes tightly and stays upright."},
    {"Sports & Outdoors", "Resistance Bands", 1999, "Five strengths in a small bag."},
    {"Sports & Outdoors", "Camping Stove", 4999, "Boils a litre in three minutes, even in wind."},
    // Toys & Games
    {"Toys & Games", "Wooden Train Set", 4999, "Forty pieces of beech that fit every other brand."},
    {"Toys & Games", "Strategy Board Game", 3999, "Trade, build and quarrel for ninety minutes."},
    {"Toys & Games", "1000-Piece Puzzle", 1799, "A harbour in the morning fog."},
    {"Toys & Games", "Building Blocks", 3499, "150 blocks in eight shapes."},
    {"Toys & Games", "Plush Fox", 1999, "Soft, washable, always awake."},
    {"Toys & Games", "Card Game Classics", 1299, "Two decks and the rules of forty games."},
    {"Toys & Games", "Remote Control Car", 5999, "Climbs over books and survives stairs."},
    {"Toys & Games", "Kite", 2299, "A delta kite that flies in a light breeze."},
    {"Toys & Games", "Chess Set", 4499, "Weighted pieces on a folding walnut board."},
    {"Toys & Games", "Watercolour Kit", 2799, "24 colours, three brushes and a pad."},
    {"Toys & Games", "Marble Run", 3999, "80 parts and no two runs alike."},
    {"Toys & Games", "Yo-Yo", 999, "Ball bearing, for tricks that take practice."},
    // Beauty & Care
    {"Beauty & Care", "Hand Cream", 899, "With almond oil, quickly absorbed."},
    {"Beauty & Care", "Shampoo Bar", 1199, "Lasts for eighty washes and leaves no bottle."},
    {"Beauty & Care", "Face Moisturiser", 2499, "Light day cream without perfume."},
    {"Beauty & Care", "Beard Oil", 1699, "Cedar and orange in a dark glass bottle."},
    {"Beauty & Care", "Bamboo Toothbrushes", 999, "Four brushes with soft bristles."},
    {"Beauty & Care", "Lip Balm Trio", 799, "Honey, mint and plain."},
    {"Beauty & Care", "Bath Salts", 1499, "Lavender from the south, salt from the sea."},
    {"Beauty & Care", "Sunscreen SPF 50", 1899, "Keeps off the sun for a day at the lake."},
    {"Beauty & Care", "Hair Brush", 2199, "Boar bristles and a handle of olive wood."},
    {"Beauty & Care", "Soap Set", 1599, "Three bars, pressed and dried by hand."},
    {"Beauty & Care", "Nail Care Kit", 2999, "Six steel tools in a leather case."},
    {"Beauty & Care", "Safety Razor", 3499, "One blade, no plastic, the closest shave."},
    // Garden
    {"Garden", "Watering Can", 2999, "Ten litres of galvanised steel with a fine rose."},
    {"Garden", "Pruning Shears", 3499, "Forged blades that can be sharpened and replaced."},
    {"Garden", "Herb Seed Box", 1499, "Twelve herbs with the month to sow each."},
    {"Garden", "Raised Bed", 8999, "Larch boards that need no paint, 120 by 80 cm."},
    {"Garden", "Bird Feeder", 2499, "Hangs from a branch, opens for cleaning."},
    {"Garden", "Garden Gloves", 1299, "Goatskin palms, cotton backs."},
    {"Garden", "Hose 25 m", 3999, "Does not kink and does not taste of rubber."},
    {"Garden", "Solar Path Lights", 4499, "Six lights that find the evening by themselves."},
    {"Garden", "Compost Bin", 6999, "300 litres that turn peel into soil."},
    {"Garden", "Terracotta Pots", 2799, "Five pots with saucers, frost-proof."},
    {"Garden", "Hand Trowel", 1699, "Stainless steel with an ash handle."},
    {"Garden", "Plant Labels", 699, "Fifty slates and a pencil that stays in the rain."},
    // Office
    {"Office", "Dotted Notebook", 1499, "200 numbered pages that lie flat."},
    {"Office", "Fountain Pen", 3999, "A steel nib that forgives a heavy hand."},
    {"Office", "Desk Organiser", 2999, "Felt and oak, a place for everything small."},
    {"Office", "Standing Desk Mat", 5499, "Soft enough to stand on for hours."},
    {"Office", "Laptop Stand", 4299, "Lifts the screen to the eyes, folds flat."},
    {"Office", "Sticky Notes", 599, "Twelve pads in quiet colours."},
    {"Office", "Desk Chair", 24900, "Supports the back and moves with you."},
    {"Office", "Paper Shredder", 7999, "Cross-cut, quiet, takes staples."},
    {"Office", "Whiteboard", 6499, "90 by 60 cm of enamelled steel."},
    {"Office", "Pencil Set", 1199, "Twelve degrees from 6H to 6B."},
    {"Office", "Document Tray", 2199, "Three levels of bent plywood."},
    {"Office", "Wall Calendar", 1299, "A year on one sheet, with room to write."},
}};

// The lock keeps a second node from seeding at the same time.
constexpr std::string_view lock_products_sql = "lock table products in share row exclusive mode";

constexpr std::string_view insert_sql
    = "insert into products (id, name, description, price, stock, initial, category, image_url)"
      " select id, name, description, price, stock, stock, category, image_url"
      " from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],"
      "  $7::text[]) as t(id, name, description, price, stock, category, image_url)"
      " where not exists (select from products)";

std::string id_of(size_t place) {
  char id[16];
  std::snprintf(id, sizeof id, "p-%03zu", place + 1);
  return id;
}

/// 40 to 239 units; every twentieth article is nearly sold out.
int64_t stock_of(size_t place) {
  return place % 20 == 7 ? 8 : 40 + static_cast<int64_t>(place * 37 % 200);
}

} // namespace

int seed_products(const std::string& inventory_conninfo) {
  std::vector<std::string> ids, names, descriptions, categories, images;
  std::vector<cents> prices;
  std::vector<int64_t> stocks;
  for (size_t i = 0; i < catalogue.size(); ++i) {
    ids.push_back(id_of(i));
    names.emplace_back(catalogue[i].name);
    descriptions.emplace_back(catalogue[i].description);
    categories.emplace_back(catalogue[i].category);
    images.push_back("/images/products/" + ids.back() + ".svg");
    prices.push_back(catalogue[i].price);
    stocks.push_back(stock_of(i));
  }
  pg::connection on(inventory_conninfo);
  pg::transaction all(on);
  on.exec(lock_products_sql);
  const auto inserted
      = on.exec(insert_sql, {ids, names, descriptions, prices, stocks, categories, images});
  all.commit();
  return static_cast<int>(inserted.affected());
}

} // namespace troupe
