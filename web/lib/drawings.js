// The drawings of picture.js: on a ground at y = 240, around x = 200. Colours are names of its
// palette. The first drawing whose `words` are in the product's name counts, else the first of its
// category, else the last: a parcel.

const rect = (x, y, width, height, rx, fill) => ["rect", { x, y, width, height, rx, fill }];
const disc = (cx, cy, r, fill) => ["circle", { cx, cy, r, fill }];
const oval = (cx, cy, rx, ry, fill) => ["ellipse", { cx, cy, rx, ry, fill }];
const path = (d, fill) => ["path", { d, fill }];
const line = (d, stroke, width = 8) =>
  ["path", { d, stroke, fill: "none", "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }];
const draw = (words, category, ...shapes) => ({ words, category, shapes });

const leaves = (x, y) => [
  line(`M${x} ${y}v-60`, "dark", 6),
  path(`M${x} ${y - 30}c-8-30-34-34-46-32 2 22 20 38 46 32z`, "main"),
  path(`M${x} ${y - 48}c6-30 30-38 46-36 0 24-18 42-46 36z`, "light"),
];

export const drawings = [
  draw(/headphone/i, "", line("M136 190v-36a64 64 0 0 1 128 0v36", "dark", 13),
    rect(118, 168, 36, 66, 16, "main"), rect(246, 168, 36, 66, 16, "main"), rect(144, 174, 14, 54, 7, "light"), rect(242, 174, 14, 54, 7, "light")),
  draw(/speaker/i, "", rect(140, 104, 120, 136, 26, "main"), disc(200, 184, 38, "dark"), disc(200, 184, 18, "light"), disc(200, 128, 14, "dark"), line("M168 92h64", "dark", 6)),
  draw(/keyboard/i, "", rect(92, 166, 216, 74, 14, "dark"),
    ...[0, 1, 2].flatMap((row) => Array.from({ length: 8 - row % 2 }, (_, i) => rect(104 + i * 24.5 + (row % 2) * 12, 177 + row * 18, 19, 13, 4, (i + row * 3) % 7 === 2 ? "pop" : "white"))),
    rect(150, 231, 100, 3, 1.5, "light")),
  draw(/mouse$/i, "", rect(158, 118, 84, 122, 42, "main"), line("M200 124v38", "dark", 5), rect(194, 136, 12, 26, 6, "pop"), line("M200 118c0-26 22-24 24-50", "dark", 5)),
  draw(/monitor/i, "", rect(106, 84, 188, 116, 10, "dark"), rect(114, 92, 172, 100, 5, "light"), path("M114 192l52-52 34 30 30-44 56 66z", "main"), disc(246, 116, 11, "pop"), rect(188, 200, 24, 30, 0, "dark"), rect(158, 230, 84, 10, 5, "dark")),
  draw(/webcam/i, "", rect(142, 112, 116, 80, 36, "dark"), disc(200, 152, 30, "light"), disc(200, 152, 17, "main"), disc(208, 145, 5, "white"), disc(240, 132, 4, "pop"), path("M180 192h40l14 48h-68z", "main")),
  draw(/watch/i, "", rect(172, 66, 56, 174, 16, "main"), rect(152, 108, 96, 92, 24, "dark"), rect(160, 116, 80, 76, 18, "light"), line("M200 132v24l16 12", "dark", 6), rect(248, 144, 8, 20, 4, "dark")),
  draw(/reader|tablet|phone/i, "", rect(146, 82, 108, 158, 12, "dark"), rect(156, 94, 88, 122, 4, "white"), line("M168 112h64M168 128h64M168 144h48M168 160h64M168 176h56M168 192h30", "light", 5), disc(200, 228, 5, "light")),
  draw(/power bank|ssd|hub/i, "", rect(128, 132, 144, 84, 16, "main"), rect(128, 132, 144, 28, 14, "light"), disc(246, 190, 6, "pop"), line("M150 190h46", "white", 6), line("M200 216c0 20 54 2 54 24", "dark", 7), rect(118, 166, 12, 24, 4, "dark")),
  draw(/microphone/i, "", rect(172, 70, 56, 98, 28, "main"), line("M176 96h48M176 112h48M176 128h48", "light", 4), line("M154 136c0 64 92 64 92 0M200 186v46", "dark", 8), rect(160, 230, 80, 10, 5, "dark")),
  draw(/router/i, "", rect(116, 184, 168, 50, 14, "dark"), line("M144 184l-14-78M256 184l14-78", "dark", 8), disc(144, 209, 5, "pop"), disc(162, 209, 5, "light"), disc(180, 209, 5, "light"), line("M178 150a30 30 0 0 1 44 0M164 132a52 52 0 0 1 72 0", "main", 7)),
  draw(/notebook|planner/i, "", rect(142, 76, 120, 164, 8, "main"), rect(142, 76, 22, 164, 8, "dark"), rect(182, 106, 60, 30, 4, "white"), line("M228 76v164", "pop", 6)),
  draw(/atlas|map|rivers/i, "Books", path("M96 100l70-18 68 18 70-18v140l-70 18-68-18-70 18z", "white"), path("M166 82l68 18v140l-68-18z", "light"), line("M112 190c24-40 44 6 66-26s46 14 62-30 30-8 46-22", "main", 7), disc(246, 132, 9, "pop"), line("M126 132l24-8M126 146l30-10", "dark", 4)),
  draw(/novel|book|history|algorithm|cooking|year|letters|bread|tram|sketch|poems|lives|harbour/i, "Books", rect(108, 206, 178, 34, 5, "dark"), rect(120, 213, 166, 20, 2, "white"), rect(122, 172, 164, 34, 5, "light"), rect(122, 179, 154, 20, 2, "white"), path("M146 60h104a8 8 0 0 1 8 8v104H146z", "main"), rect(146, 60, 16, 112, 0, "dark"), rect(178, 84, 60, 8, 4, "white"), rect(178, 100, 40, 8, 4, "light"), disc(208, 138, 15, "pop")),
  draw(/pan$/i, "", oval(180, 214, 82, 26, "dark"), oval(180, 206, 82, 24, "main"), oval(180, 206, 66, 17, "dark"), path("M256 196l82-26a8 8 0 0 1 5 15l-80 28z", "dark"), oval(172, 204, 26, 9, "white"), oval(174, 203, 9, 5, "pop")),
  draw(/knife|trowel/i, "", path("M112 128c60-30 100-26 128-4v34H124c-10-8-14-18-12-30z", "white"), path("M112 128c60-30 100-26 128-4l-2 10c-40-18-80-16-124 4z", "light"), rect(236, 120, 84, 30, 12, "dark"), disc(258, 135, 4, "light"), disc(294, 135, 4, "light"), rect(108, 206, 190, 34, 12, "main"), line("M128 222h120", "light", 4)),
  draw(/press|kettle/i, "", rect(146, 112, 96, 128, 14, "main"), rect(156, 150, 76, 78, 8, "light"), rect(156, 180, 76, 48, 8, "dark"), line("M242 136c44-6 44 74 0 70", "dark", 10), rect(138, 100, 112, 16, 8, "dark"), line("M194 98V72", "dark", 6), disc(194, 66, 10, "pop")),
  draw(/cup|mug|espresso/i, "", path("M128 132h112v60a40 40 0 0 1-40 40h-32a40 40 0 0 1-40-40z", "main"), line("M240 148c44-4 42 56-2 52", "main", 13), oval(184, 132, 56, 12, "dark"), oval(184, 134, 46, 8, "pop"), line("M164 110c-10-16 10-22 0-40M196 110c-10-16 10-22 0-40", "white", 6), rect(118, 232, 132, 8, 4, "dark")),
  draw(/linen|bed set|blanket/i, "", rect(106, 198, 188, 42, 14, "main"), rect(112, 162, 176, 42, 14, "light"), rect(118, 126, 164, 42, 14, "white"), line("M128 184h142M122 220h154", "white", 4), line("M134 148h132", "light", 4), rect(210, 126, 34, 114, 0, "pop")),
  draw(/bowl|salad/i, "Home & Kitchen", path("M122 178h156a78 62 0 0 1-156 0z", "main"), oval(200, 178, 78, 16, "dark"), path("M128 178c6-30 38-36 50-14 12-30 46-22 50 0 22-18 42-4 44 14z", "light"), disc(186, 166, 10, "pop"), disc(226, 168, 8, "pop"), rect(176, 236, 48, 5, 2, "dark")),
  draw(/board$|mat$/i, "", rect(122, 84, 156, 156, 20, "main"), rect(136, 98, 128, 128, 12, "light"), line("M150 130h100M150 158h76M150 186h92", "main", 5), disc(200, 108, 7, "white")),
  draw(/storage|box(es)?$|bin$|organiser/i, "", rect(120, 150, 160, 90, 12, "main"), rect(112, 138, 176, 22, 10, "dark"), rect(140, 92, 120, 46, 8, "light"), rect(134, 84, 132, 16, 8, "dark"), rect(182, 178, 36, 16, 8, "white")),
  draw(/lamp|light|torch/i, "", path("M158 76h84l34 82H124z", "pop"), path("M158 76h30l-16 82h-48z", "white"), rect(194, 158, 12, 72, 0, "dark"), rect(156, 228, 88, 12, 6, "dark"), oval(200, 158, 76, 9, "white")),
  draw(/scale/i, "", rect(118, 186, 164, 54, 14, "main"), oval(200, 172, 74, 14, "white"), rect(194, 172, 12, 18, 0, "dark"), rect(164, 202, 72, 24, 6, "dark"), line("M178 214h14M200 214h22", "pop", 6), disc(180, 150, 17, "pop"), disc(216, 146, 21, "light")),
  draw(/shoe|boot/i, "", path("M104 212v-66c30 10 50-4 58-20 24 34 60 46 104 54 22 4 30 14 30 32z", "main"), path("M104 212h192v10a18 18 0 0 1-18 18H122a18 18 0 0 1-18-18z", "white"), line("M164 146l16-12M182 160l16-13M202 171l14-14", "white", 6), path("M104 212v-24c20 8 40 4 56 24z", "dark"), line("M112 240h170", "pop", 6)),
  draw(/tent/i, "", path("M200 92L96 240h208z", "main"), path("M200 92l104 148h-60z", "dark"), path("M200 138l-42 102h84z", "pop"), path("M200 138l-42 102h36z", "dark"), line("M200 92l-8-14M96 240l-16 0M304 240l16 0", "dark", 5)),
  draw(/sleeping|yoga/i, "", oval(200, 192, 96, 48, "main"), rect(104, 150, 150, 88, 40, "main"), disc(254, 192, 46, "dark"), disc(254, 192, 31, "light"), disc(254, 192, 16, "dark"), rect(140, 146, 14, 94, 6, "pop"), rect(196, 146, 14, 94, 6, "pop")),
  draw(/backpack|bag$/i, "Sports & Outdoors", line("M176 92a24 24 0 0 1 48 0", "dark", 9), rect(142, 90, 116, 150, 40, "main"), rect(158, 168, 84, 56, 16, "dark"), line("M166 186h68", "light", 5), rect(126, 150, 24, 68, 12, "dark"), rect(250, 150, 24, 68, 12, "dark"), rect(176, 118, 48, 28, 8, "pop")),
  draw(/dumbbell|bands|weights/i, "", rect(146, 190, 108, 16, 8, "light"), rect(104, 160, 24, 76, 10, "dark"), rect(128, 170, 20, 56, 8, "main"), rect(272, 160, 24, 76, 10, "dark"), rect(252, 170, 20, 56, 8, "main"), line("M150 132c20-60 80-60 100 0", "pop", 9)),
  draw(/rope|hose/i, "", line("M142 190a58 58 0 1 1 116 0 58 46 0 1 1-116 0", "main", 13), line("M158 190a42 40 0 1 1 84 0 42 34 0 1 1-84 0", "light", 11), line("M256 206c26 6 34 26 52 26", "main", 13), rect(298, 222, 30, 18, 6, "pop")),
  draw(/helmet/i, "", path("M108 204a92 92 0 0 1 184 0z", "main"), path("M150 204c0-52 18-84 50-92 32 8 50 40 50 92z", "light"), path("M184 204c0-56 6-80 16-92 10 12 16 36 16 92z", "pop"), rect(98, 198, 204, 14, 7, "dark"), line("M132 212c6 20 20 26 34 26", "dark", 6)),
  draw(/stove/i, "", rect(136, 196, 128, 44, 12, "dark"), line("M150 196v-14h100v14", "dark", 8), rect(150, 118, 100, 62, 10, "main"), line("M250 136h44", "dark", 9), line("M184 96c-8-14 8-18 0-34M214 96c-8-14 8-18 0-34", "white", 6), disc(200, 218, 9, "pop")),
  draw(/train/i, "", rect(196, 136, 84, 76, 8, "main"), rect(210, 150, 42, 30, 5, "white"), rect(118, 164, 86, 48, 10, "pop"), rect(136, 134, 20, 32, 4, "dark"), rect(188, 126, 100, 12, 6, "dark"), ...[146, 194, 250].flatMap((x) => [disc(x, 220, 20, "dark"), disc(x, 220, 8, "light")]), line("M90 240h220", "dark", 5)),
  draw(/puzzle/i, "", path("M124 104h58c-8-28 36-28 28 0h62v58c-28-8-28 36 0 28v50H124v-50c28 8 28-36 0-28z", "main"), line("M144 128h50M144 210h40", "light", 6), disc(236, 208, 11, "pop")),
  draw(/chess|strategy|board game/i, "Toys & Games", ...Array.from({ length: 8 }, (_, i) => rect(120 + i * 20, 224, 20, 16, 0, i % 2 ? "white" : "dark")), path("M150 224c0-30 16-40 16-62h28c0 22 16 32 16 62z", "main"), disc(180, 144, 22, "main"), path("M214 224c0-40 10-52 8-86h36c-2 34 8 46 8 86z", "pop"), path("M214 138l-8-36 20 14 14-22 14 22 20-14-8 36z", "pop")),
  draw(/block|marble/i, "", rect(116, 174, 66, 66, 8, "main"), rect(188, 174, 66, 66, 8, "pop"), rect(152, 104, 66, 66, 8, "light"), path("M232 170l34-60 34 60z", "dark"), disc(149, 207, 15, "white"), rect(206, 192, 30, 30, 4, "white"), disc(280, 220, 20, "dark")),
  draw(/fox|plush|bear/i, "", path("M132 82l48 32h40l48-32 6 78c0 46-34 80-74 80s-74-34-74-80z", "pop"), path("M128 166c30-6 58 20 72 74-40 0-72-34-72-74zM272 166c-30-6-58 20-72 74 40 0 72-34 72-74z", "white"), disc(168, 160, 9, "dark"), disc(232, 160, 9, "dark"), oval(200, 214, 13, 10, "dark")),
  draw(/card game|sticky|labels/i, "", rect(126, 110, 96, 128, 10, "dark"), rect(152, 98, 96, 134, 10, "pop"), rect(178, 106, 96, 134, 10, "white"), path("M226 142c20 22 30 30 30 42a15 15 0 0 1-26 10l4 16h-16l4-16a15 15 0 0 1-26-10c0-12 10-20 30-42z", "main"), rect(188, 116, 12, 16, 3, "main")),
  draw(/car$/i, "", path("M134 166l26-50h78l34 50z", "light"), rect(104, 162, 194, 54, 20, "main"), path("M156 162l16-34h28v34zM210 162v-34h22l24 34z", "white"), ...[148, 252].flatMap((x) => [disc(x, 216, 25, "dark"), disc(x, 216, 10, "light")]), line("M256 116V70", "dark", 5), disc(256, 66, 7, "pop")),
  draw(/kite/i, "", path("M210 62l64 72-78 78-40-92z", "main"), path("M210 62l-14 150-40-92z", "light"), path("M210 62l64 72-72 6z", "pop"), line("M196 212c-30 10-10 22-40 26", "dark", 5), line("M186 224l-14-10M176 236l-16-10", "pop", 8)),
  draw(/watercolou?r|paint/i, "", rect(110, 160, 180, 80, 14, "dark"), ...["main", "pop", "light", "white"].flatMap((colour, i) => [disc(139 + i * 41, 184, 14, colour), disc(139 + i * 41, 217, 12, ["light", "main", "white", "pop"][i])]), line("M236 146l54-80", "pop", 10), path("M222 166c0-14 6-22 16-22l8 8c0 10-10 16-24 14z", "dark")),
  draw(/yo-?yo/i, "", line("M200 60v80", "dark", 4), disc(200, 182, 58, "main"), disc(200, 182, 40, "light"), disc(200, 182, 20, "pop"), disc(180, 164, 8, "white")),
  draw(/brush|toothbrush/i, "", rect(132, 206, 180, 24, 12, "main"), rect(132, 196, 76, 14, 6, "dark"), ...Array.from({ length: 8 }, (_, i) => rect(137 + i * 8.6, 166, 6, 32, 3, i % 3 === 1 ? "pop" : "white")), rect(118, 118, 180, 22, 11, "light"), rect(118, 108, 70, 12, 6, "dark"), ...Array.from({ length: 7 }, (_, i) => rect(122 + i * 9, 82, 6, 28, 3, "white"))),
  draw(/soap|shampoo bar|salts/i, "", rect(118, 178, 164, 62, 26, "main"), oval(200, 192, 64, 12, "light"), rect(138, 128, 124, 54, 24, "pop"), oval(200, 140, 46, 9, "white"), disc(276, 128, 14, "white"), disc(300, 104, 9, "white"), disc(116, 142, 10, "white")),
  draw(/cream|sunscreen|balm|moisturi/i, "Beauty & Care", path("M158 84h84l-8 124h-68z", "main"), rect(160, 204, 80, 36, 8, "dark"), rect(152, 76, 96, 12, 4, "light"), rect(176, 116, 48, 54, 8, "white"), disc(200, 143, 13, "pop")),
  draw(/oil|bottle/i, "", rect(154, 124, 92, 116, 22, "main"), rect(180, 92, 40, 36, 6, "light"), rect(174, 68, 52, 28, 8, "dark"), rect(154, 160, 92, 44, 0, "white"), disc(200, 182, 12, "pop"), rect(164, 134, 10, 96, 5, "light")),
  draw(/nail|razor/i, "", rect(146, 96, 108, 34, 10, "dark"), rect(138, 106, 124, 12, 4, "white"), rect(188, 128, 24, 106, 12, "main"), line("M194 160h12M194 176h12M194 192h12", "light", 4), disc(270, 222, 14, "pop"), disc(132, 226, 10, "pop")),
  draw(/watering/i, "", rect(132, 142, 110, 98, 14, "main"), oval(187, 142, 55, 12, "dark"), path("M238 196l52-64 14 10-58 84z", "light"), path("M280 120l36 26-12 8-32-22z", "dark"), line("M146 142c0-60 82-60 82 0", "dark", 9), line("M312 162v10M322 176v12M304 180v10", "pop", 5)),
  draw(/shears|scissors/i, "", path("M140 70c40 24 58 60 64 96l-18 10c-30-20-50-60-46-106z", "white"), path("M258 70c-40 24-58 60-64 96l18 10c30-20 50-60 46-106z", "light"), disc(200, 168, 9, "dark"), line("M206 176c14 20 40 20 38 56M194 176c-14 20-40 20-38 56", "pop", 15)),
  draw(/glove/i, "", path("M146 240v-70l-18-34c-6-14 10-22 18-10l16 26V92c0-16 22-16 22 0v48-62c0-16 22-16 22 0v62-52c0-16 22-16 22 0v60-34c0-14 20-14 20 0v68c0 20-10 30-10 58z", "main"), rect(144, 218, 96, 22, 8, "pop")),
  draw(/bird|feeder/i, "", line("M200 60v30", "dark", 5), path("M200 84l82 58H118z", "dark"), rect(138, 142, 124, 74, 6, "main"), disc(200, 176, 22, "dark"), rect(112, 214, 176, 14, 7, "light"), oval(272, 200, 22, 14, "pop"), disc(288, 188, 10, "pop"), path("M297 186l12 4-12 4z", "dark")),
  draw(/bed$|seed|herb/i, "", rect(104, 190, 192, 50, 8, "main"), line("M104 214h192", "dark", 4), oval(200, 190, 92, 10, "dark"), ...leaves(146, 190), ...leaves(200, 186), ...leaves(254, 190)),
  draw(/pot|plant|compost|garden/i, "Garden", path("M142 176h116l-14 64h-88z", "pop"), rect(134, 160, 132, 24, 8, "main"), ...leaves(200, 162), ...leaves(172, 162), ...leaves(230, 162)),
  draw(/pen$|pencil/i, "", path("M288 74l20 20-128 128-26 6 6-26z", "main"), path("M160 202l20 20-40 16z", "white"), path("M144 232l10-14 8 8z", "dark"), path("M260 102l20 20 28-28-20-20z", "dark"), line("M104 240c20-14 30 6 48-2", "dark", 4), line("M236 134l-42 42", "light", 6)),
  draw(/chair/i, "", rect(152, 70, 96, 84, 18, "main"), rect(140, 162, 120, 24, 12, "dark"), rect(193, 150, 14, 60, 0, "dark"), line("M200 208l-46 24M200 208l46 24M200 208v26", "dark", 8), disc(154, 234, 7, "pop"), disc(246, 234, 7, "pop"), disc(200, 236, 7, "pop"), line("M132 150v-20M268 150v-20", "dark", 8)),
  draw(/stand|laptop/i, "", path("M130 96h140a8 8 0 0 1 8 8v84H122v-84a8 8 0 0 1 8-8z", "dark"), rect(132, 106, 136, 74, 4, "light"), path("M132 180l40-44 30 28 24-22 42 38z", "main"), path("M108 188h184l10 14H98z", "white"), line("M150 202l-18 38h136l-18-38", "pop", 8)),
  draw(/organi[sz]er|office|desk/i, "Office", rect(130, 164, 140, 76, 12, "main"), line("M154 164l-10-72M184 164V82M214 164l12-62", "dark", 9), line("M244 164V112", "pop", 12), rect(150, 186, 100, 12, 6, "light")),
  draw(/^$/, "Electronics", rect(126, 112, 148, 104, 14, "main"), rect(138, 124, 124, 80, 6, "light"), disc(200, 164, 22, "white"), disc(200, 164, 10, "pop"), rect(170, 216, 60, 24, 6, "dark")),
  draw(/^$/, "", path("M200 84l92 40v84l-92 40-92-40v-84z", "main"), path("M200 164l92-40v84l-92 40z", "dark"), path("M200 84l92 40-92 40-92-40z", "light"), path("M146 108l92 40v26l22-10v-26l-92-40z", "pop")),
];
