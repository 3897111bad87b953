/* misuse_files FOLDER DATASET: proposals, forests, weight files and data sets that cannot be had, made or written are answered
 * with a status and a sentence, never with a crash, and nothing is left behind. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[1024];

/* The call must fail with this status and say why. */
static void refuses(int32_t status, int32_t expected, const char *what) {
  check(status == expected && strlen(dcn_last_error()) > 10, "%s: %s: %s", what, dcn_status_name(status),
        status ? dcn_last_error() : "");
}

/* The text is overwritten by the fourth call after this one. */
static const char *in_folder(const char *name) {
  static char paths[4][1200];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void put(const char *name, const char *text, size_t size) {
  FILE *file = fopen(in_folder(name), "wb");
  if (!file || fwrite(text, 1, size, file) != size) exit(1);
  fclose(file);
}

static int exists(const char *name) { return access(in_folder(name), F_OK) == 0; }

static int32_t stop_at_once(int64_t done, int64_t total, void *user_data) {
  (void)done, (void)total;
  ++*(int *)user_data;
  return 1;
}

static void proposals(void) {
  static uint8_t pixels[32 * 24 * 3];
  static float magnitude[32 * 24], orientation[32 * 24];
  dcn_proposer_options options = DCN_PROPOSER_OPTIONS_INIT;
  dcn_image image = DCN_IMAGE_INIT, empty = DCN_IMAGE_INIT;
  dcn_proposer *proposer = (dcn_proposer *)&folder;
  dcn_box boxes[2];
  int32_t count = -5;
  int i;
  refuses(dcn_proposer_create(NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "proposer: NULL result");
  options.struct_size = 4;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: struct_size too small");
  check(proposer == NULL, "a proposer that fails leaves NULL");
  options = (dcn_proposer_options)DCN_PROPOSER_OPTIONS_INIT;
  options.alpha = 1;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: alpha of 1");
  options.alpha = NAN;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: alpha NaN");
  options.alpha = 1e300;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: alpha beyond a float");
  options.alpha = 0.65;
  options.max_boxes = -1;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: negative max_boxes");
  options.max_boxes = 10;
  options.kappa = -1;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: negative kappa");
  options.kappa = 1.5;
  options.forest = in_folder("absent.yml");
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_NOT_FOUND, "proposer: no forest");
  options.forest = folder;
  check(dcn_proposer_create(&options, &proposer) != DCN_STATUS_OK, "proposer: a folder as forest: %s", dcn_last_error());
  put("forest.yml", "%YAML:1.0\n---\noptions:\n   numberOfTrees: 1\n", 42);
  options.forest = in_folder("forest.yml");
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_FORMAT, "proposer: half a forest");
  put("forest.yml.gz", "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  options.forest = in_folder("forest.yml.gz");
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_FORMAT, "proposer: a torn forest");
  options.forest = "\xff";
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: a path that is not UTF-8");
  options.forest = NULL;
  options.sharpening = 2;
  refuses(dcn_proposer_create(&options, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: sharpening without a forest");
  need(dcn_proposer_create(NULL, &proposer), "dcn_proposer_create");

  for (i = 0; i < (int)sizeof pixels; i++) pixels[i] = (uint8_t)(i * 11);
  image.width = 32;
  image.height = 24;
  image.pixels = pixels;
  refuses(dcn_proposer_edges(proposer, &image, 1, magnitude, NULL, 5), DCN_STATUS_INVALID_ARGUMENT, "edges: wrong count");
  refuses(dcn_proposer_edges(proposer, &image, 1, NULL, NULL, 32 * 24), DCN_STATUS_INVALID_ARGUMENT, "edges: NULL");
  refuses(dcn_proposer_edges(proposer, &empty, 1, magnitude, NULL, 0), DCN_STATUS_INVALID_ARGUMENT, "edges: no image");
  need(dcn_proposer_edges(proposer, &image, 1, magnitude, orientation, 32 * 24), "dcn_proposer_edges");
  refuses(dcn_proposer_run(proposer, NULL, boxes, 2, &count), DCN_STATUS_INVALID_ARGUMENT, "boxes: NULL image");
  refuses(dcn_proposer_run(proposer, &image, boxes, -1, &count), DCN_STATUS_INVALID_ARGUMENT, "boxes: negative capacity");
  refuses(dcn_proposer_run(proposer, &image, NULL, 2, &count), DCN_STATUS_INVALID_ARGUMENT, "boxes: NULL boxes");
  refuses(dcn_proposer_run(proposer, &image, boxes, 2, NULL), DCN_STATUS_INVALID_ARGUMENT, "boxes: NULL count");
  check(count == -5, "a call that fails leaves the count");
  need(dcn_proposer_run(proposer, &image, NULL, 0, &count), "dcn_proposer_run");
  check(count >= 0, "boxes are counted without room for them");
  refuses(dcn_proposer_run_edges(proposer, magnitude, NULL, 32, 24, boxes, 2, &count), DCN_STATUS_INVALID_ARGUMENT,
          "boxes of edges: no orientation");
  refuses(dcn_proposer_run_edges(proposer, magnitude, orientation, 0, 24, boxes, 2, &count), DCN_STATUS_INVALID_ARGUMENT,
          "boxes of edges: no columns");
  refuses(dcn_proposer_run_edges(proposer, magnitude, orientation, INT32_MAX, INT32_MAX, boxes, 2, &count),
          DCN_STATUS_INVALID_ARGUMENT, "boxes of edges: huge");
  magnitude[7] = (float)NAN;
  refuses(dcn_proposer_run_edges(proposer, magnitude, orientation, 32, 24, boxes, 2, &count), DCN_STATUS_INVALID_ARGUMENT,
          "boxes of edges: NaN");
  dcn_proposer_free(proposer);
  refuses(dcn_proposer_run(proposer, &image, boxes, 2, &count), DCN_STATUS_INVALID_ARGUMENT, "boxes: a freed proposer");
  check(dcn_proposer_detector(proposer) == NULL && dcn_proposer_detector(NULL) == NULL, "the detector of no proposer");
  dcn_proposer_free(NULL);
}

static void forests(const dcn_dataset *dataset, const dcn_dataset *weak) {
  dcn_forest_options options = DCN_FOREST_OPTIONS_INIT;
  dcn_proposer_options proposing = DCN_PROPOSER_OPTIONS_INIT;
  dcn_proposer *proposer;
  int calls = 0;
  options.trees = 1;
  options.samples = 100;
  refuses(dcn_forest_train(NULL, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "forest: NULL data");
  refuses(dcn_forest_train(dataset, &options, NULL, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "forest: NULL path");
  options.trees = 0;
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "forest: no trees");
  options.trees = 1;
  options.samples = INT32_MAX;
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT,
          "forest: too many samples");
  options.samples = 100;
  options.features = 9;
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT,
          "forest: unknown features");
  options.features = 0;
  options.existing_run = -1;
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT,
          "forest: unknown existing_run");
  options.existing_run = DCN_RUN_REFUSE;
  options.struct_size = 1 << 20;
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_INVALID_ARGUMENT,
          "forest: struct_size not set");
  options.struct_size = sizeof options;
  refuses(dcn_forest_train(weak, &options, in_folder("f.yml"), NULL, NULL), DCN_STATUS_FORMAT, "forest: no masks");
  refuses(dcn_forest_train(dataset, &options, in_folder("absent/f.yml"), stop_at_once, &calls), DCN_STATUS_IO,
          "forest: no such folder");
  check(calls == 0, "a forest that cannot be written is not begun");
  refuses(dcn_forest_train(dataset, &options, folder, NULL, NULL), DCN_STATUS_IO, "forest: a folder in its place");
  refuses(dcn_forest_train(dataset, &options, in_folder("f.yml"), stop_at_once, &calls), DCN_STATUS_CANCELLED,
          "forest: cancelled");
  check(calls > 0 && !exists("f.yml"), "a cancelled forest is not there");
  need(dcn_forest_train(dataset, &options, in_folder("f.yml"), NULL, NULL), "dcn_forest_train");
  check(exists("f.yml") && !exists("f.yml.trees"), "a forest is there, its trees are not");
  put("g.yml.trees", "no trees", 8);
  refuses(dcn_forest_train(dataset, &options, in_folder("g.yml"), NULL, NULL), DCN_STATUS_STATE, "forest: trees are there");
  options.existing_run = DCN_RUN_RESUME;
  refuses(dcn_forest_train(dataset, &options, in_folder("g.yml"), NULL, NULL), DCN_STATUS_FORMAT, "forest: damaged trees");
  proposing.forest = in_folder("f.yml");
  proposing.sharpening = 7;
  refuses(dcn_proposer_create(&proposing, &proposer), DCN_STATUS_INVALID_ARGUMENT, "proposer: sharpening of 7");
  proposing.sharpening = -1;
  need(dcn_proposer_create(&proposing, &proposer), "dcn_proposer_create with a forest");
  dcn_proposer_free(proposer);
}

static void weights(void) {
  static const char *const names[2] = {"square", "disc"};
  dcn_import_options options = DCN_IMPORT_OPTIONS_INIT;
  dcn_model *model, *classes_only;
  dcn_report *report = (dcn_report *)&folder;
  static const char bomb[] = "\x80\x02" "cos\nsystem\n(X\x04\0\0\0trueaR.";
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  need(dcn_model_save(model, in_folder("whole.safetensors")), "dcn_model_save");
  need(dcn_model_create("tiny", names, 2, DCN_PART_CLASSIFICATION, 1, &classes_only), "dcn_model_create of a part");

  refuses(dcn_import(NULL, NULL, in_folder("x"), &report), DCN_STATUS_INVALID_ARGUMENT, "import: NULL path");
  check(report == NULL, "an import that fails leaves no report");
  refuses(dcn_import(in_folder("whole.safetensors"), NULL, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "import: NULL output");
  refuses(dcn_import(in_folder("absent.caffemodel"), NULL, in_folder("x"), NULL), DCN_STATUS_NOT_FOUND, "import: no file");
  refuses(dcn_import(folder, NULL, in_folder("x"), NULL), DCN_STATUS_IO, "import: a folder");
  put("empty.caffemodel", "", 0);
  refuses(dcn_import(in_folder("empty.caffemodel"), NULL, in_folder("x"), NULL), DCN_STATUS_FORMAT, "import: an empty file");
  put("torn.caffemodel", "\x12\x7f\x22\x03" "fc6", 7);
  refuses(dcn_import(in_folder("torn.caffemodel"), NULL, in_folder("x"), NULL), DCN_STATUS_FORMAT, "import: a torn file");
  put("bomb.pth", bomb, sizeof bomb - 1);
  refuses(dcn_import(in_folder("bomb.pth"), NULL, in_folder("x"), NULL), DCN_STATUS_UNSUPPORTED, "import: a pickle that runs");
  check(strstr(dcn_last_error(), "os.system") != NULL, "it names what it would run");
  options.struct_size = 3;
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL), DCN_STATUS_INVALID_ARGUMENT,
          "import: struct_size too small");
  options = (dcn_import_options)DCN_IMPORT_OPTIONS_INIT;
  options.class_names = names;
  options.class_count = -1;
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL), DCN_STATUS_INVALID_ARGUMENT,
          "import: negative class_count");
  options.class_names = NULL;
  options.class_count = 0;
  options.description = "{\"stages\": 1}";
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL), DCN_STATUS_FORMAT,
          "import: unknown setting");
  options.description = "deploy.prototxt";
  check(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL) != DCN_STATUS_OK,
        "import: no prototxt: %s", dcn_last_error());
  options.description = NULL;
  options.description = "tiny";
  options.class_names = names;
  options.class_count = 2;
  options.preprocessing = "matlab";
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL), DCN_STATUS_INVALID_ARGUMENT,
          "import: unknown preprocessing");
  options.preprocessing = NULL;
  options.mean = in_folder("absent.binaryproto");
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), NULL), DCN_STATUS_NOT_FOUND, "import: no mean");
  options.mean = NULL;
  check(!exists("x"), "nothing is written by imports that fail");
  refuses(dcn_import(in_folder("whole.safetensors"), &options, in_folder("absent/x"), NULL), DCN_STATUS_IO,
          "import: no such folder");
  refuses(dcn_import(in_folder("whole.safetensors"), &options, "/dev/full", NULL), DCN_STATUS_IO, "import: a full disk");
  need(dcn_import(in_folder("whole.safetensors"), &options, in_folder("x"), &report), "dcn_import");
  check(dcn_report_number(report, "missing") == 0 && dcn_report_number(report, "used") > 0, "a report of an import");
  dcn_report_free(report);

  refuses(dcn_model_export(NULL, DCN_EXPORT_ONNX, 0, in_folder("x.onnx")), DCN_STATUS_INVALID_ARGUMENT, "export: NULL model");
  refuses(dcn_model_export(model, 99, 0, in_folder("x.onnx")), DCN_STATUS_INVALID_ARGUMENT, "export: unknown format");
  refuses(dcn_model_export(model, DCN_EXPORT_ONNX, 3, in_folder("x.onnx")), DCN_STATUS_INVALID_ARGUMENT,
          "export: more passes than classes");
  refuses(dcn_model_export(model, DCN_EXPORT_ONNX, -1, in_folder("x.onnx")), DCN_STATUS_INVALID_ARGUMENT,
          "export: negative passes");
  refuses(dcn_model_export(model, DCN_EXPORT_ONNX, 0, NULL), DCN_STATUS_INVALID_ARGUMENT, "export: NULL path");
  refuses(dcn_model_export(model, DCN_EXPORT_ONNX, 0, in_folder("absent/x.onnx")), DCN_STATUS_IO, "export: no such folder");
  refuses(dcn_model_export(model, DCN_EXPORT_TORCHVISION, 0, "/dev/full"), DCN_STATUS_IO, "export: a full disk");
  check(dcn_model_export(classes_only, DCN_EXPORT_CAFFE, 0, in_folder("x.onnx")) != DCN_STATUS_OK,
        "export: no segmentation part: %s", dcn_last_error());
  check(!exists("x.onnx"), "nothing is written by exports that fail");
  dcn_model_free(classes_only);
  dcn_model_free(model);
}

static void datasets(dcn_dataset *dataset, const char *path) {
  dcn_dataset_options options = DCN_DATASET_OPTIONS_INIT;
  dcn_dataset *other = (dcn_dataset *)&folder;
  dcn_image mask = DCN_IMAGE_INIT;
  dcn_item item = DCN_ITEM_INIT;
  dcn_report *report;
  int64_t count = -1;
  int calls = 0;
  refuses(dcn_dataset_open(NULL, NULL, &other), DCN_STATUS_INVALID_ARGUMENT, "data set: NULL path");
  check(other == NULL, "a data set that fails leaves NULL");
  refuses(dcn_dataset_open(path, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "data set: NULL result");
  options.struct_size = 8;
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_INVALID_ARGUMENT, "data set: struct_size too small");
  options = (dcn_dataset_options)DCN_DATASET_OPTIONS_INIT;
  options.ignored_id_count = 257;
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_INVALID_ARGUMENT, "data set: 257 ids");
  options.ignored_id_count = 0;
  options.set = "../x";
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_FORMAT, "data set: a set outside of it");
  options.set = NULL;
  options.overlap = "both";
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_INVALID_ARGUMENT, "data set: unknown overlap");
  options.overlap = NULL;
  options.list = in_folder("absent.txt");
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_IO, "data set: no list");
  put("list.txt", "/images/photo00.png /masks/photo00.png 0 0 9\n", 46);
  options.list = in_folder("list.txt");
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_FORMAT, "data set: a torn list");
  options.list = NULL;
  options.extra_masks = folder;
  refuses(dcn_dataset_open(path, &options, &other), DCN_STATUS_FORMAT, "data set: extra masks without VOC");
  refuses(dcn_dataset_item_mask(dataset, -1, &mask), DCN_STATUS_INVALID_ARGUMENT, "mask out of range");
  refuses(dcn_dataset_item_mask(dataset, 0, NULL), DCN_STATUS_INVALID_ARGUMENT, "mask: NULL image");
  item.struct_size = 0;
  refuses(dcn_dataset_item(dataset, 0, &item), DCN_STATUS_INVALID_ARGUMENT, "item: struct_size of 0");
  refuses(dcn_dataset_check(dataset, NULL, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "check: NULL report");
  refuses(dcn_dataset_check(NULL, NULL, NULL, &report), DCN_STATUS_INVALID_ARGUMENT, "check: NULL data set");
  refuses(dcn_dataset_check_folder(path, NULL, stop_at_once, &calls, &report), DCN_STATUS_CANCELLED, "check: cancelled");
  refuses(dcn_dataset_statistics(dataset, stop_at_once, &calls, &report), DCN_STATUS_CANCELLED, "statistics: cancelled");
  check(calls == 2 && report == NULL, "cancelled work stops at once");
  refuses(dcn_dataset_split(dataset, 1, 1, in_folder("absent/s.txt")), DCN_STATUS_IO, "split: no such folder");
  refuses(dcn_dataset_split(dataset, 1, 1, NULL), DCN_STATUS_INVALID_ARGUMENT, "split: NULL path");
  refuses(dcn_dataset_write_voc(dataset, "a/b", in_folder("tree"), NULL, NULL), DCN_STATUS_FORMAT, "VOC: no name of a set");
  refuses(dcn_dataset_write_voc(dataset, "train", "/proc/nowhere", NULL, NULL), DCN_STATUS_IO, "VOC: unwritable");
  refuses(dcn_dataset_write_voc(dataset, "train", in_folder("tree"), stop_at_once, &calls), DCN_STATUS_CANCELLED,
          "VOC: cancelled");
  refuses(dcn_dataset_write_crops(dataset, NULL, 1, path, in_folder("l.txt"), NULL, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT,
          "crops: NULL count");
  refuses(dcn_dataset_write_crops(dataset, "[", 1, path, in_folder("l.txt"), NULL, NULL, &count), DCN_STATUS_FORMAT,
          "crops: broken JSON");
  refuses(dcn_dataset_write_crops(dataset, "{\"windows_per_subset\": -4}", 1, path, in_folder("l.txt"), NULL, NULL, &count),
          DCN_STATUS_FORMAT, "crops: negative windows");
  refuses(dcn_dataset_write_crops(dataset, "{\"windows_per_subset\": 1}", 1, path, in_folder("absent/l.txt"), NULL, NULL,
                                  &count),
          DCN_STATUS_IO, "crops: no such folder");
  check(!exists("l.txt") && count == -1, "nothing is written by crops that fail");
  refuses(dcn_dataset_evaluate(dataset, NULL, NULL, NULL, &report), DCN_STATUS_INVALID_ARGUMENT, "evaluate: NULL folder");
  mkdir(in_folder("maps"), 0777);
  put("maps/photo00.png", "no picture", 10);
  check(dcn_dataset_evaluate(dataset, in_folder("maps"), NULL, NULL, &report) == DCN_STATUS_FORMAT &&
            strstr(dcn_last_error(), "photo00"),
        "evaluate: a damaged map: %s", dcn_last_error());
}

int main(int argc, char **argv) {
  static uint8_t pixels[8 * 8 * 3];
  dcn_image image = DCN_IMAGE_INIT;
  dcn_dataset *dataset, *weak;
  if (argc != 3) return 2;
  snprintf(folder, sizeof folder, "%s", argv[1]);
  need(dcn_dataset_open(argv[2], NULL, &dataset), "dcn_dataset_open");
  mkdir(in_folder("weak"), 0777);
  mkdir(in_folder("weak/images"), 0777);
  image.width = image.height = 8;
  image.pixels = pixels;
  need(dcn_image_save(&image, in_folder("weak/images/a.png")), "dcn_image_save");
  put("weak/labels.csv", "image,square\na,1\n", 17);
  need(dcn_dataset_open(in_folder("weak"), NULL, &weak), "dcn_dataset_open without masks");
  proposals();
  forests(dataset, weak);
  weights();
  datasets(dataset, argv[2]);
  dcn_dataset_free(weak);
  dcn_dataset_free(dataset);
  return check_failures ? 1 : 0;
}
