/* golden_forward FOLDER NAME BACKEND: forward tensors, saliency, segmentation and label map against the reference tensors. */
#include "golden_file.h"

static dcn_inspector *inspector;
static const char *backend;

/* Compares `count` leading elements of a kept value with a reference tensor. */
static void compare(const char *tensor, const char *value) {
  int64_t count;
  float *expected = (float *)golden_read(tensor, &count);
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  float *found;
  need(dcn_inspector_value_find(inspector, value, &info), value);
  found = (float *)malloc((size_t)info.element_count * 4);
  need(dcn_inspector_copy(inspector, value, found, info.element_count * 4), value);
  if (info.element_type == DCN_TYPE_INT32) {
    int equal = count <= info.element_count && memcmp(found, expected, (size_t)count * 4) == 0;
    check(equal, "%s: %s is exactly equal", backend, tensor);
  } else {
    double d = deviation(found, expected, count), tolerance = golden_tolerance(tensor);
    check(count <= info.element_count && d <= tolerance, "%s: %s deviates by %.2g of at most %.2g", backend, tensor, d,
          tolerance);
  }
  free(expected);
  free(found);
}

static void feed(const char *value, const char *tensor) {
  int64_t count;
  void *values = golden_read(tensor, &count);
  need(dcn_inspector_set(inspector, value, values, count * 4), value);
  free(values);
}

typedef struct {
  char tensor[48], value[48];
} pair;

static pair pairs[128];
static int pair_count;

static void add(const char *tensor, const char *value) {
  snprintf(pairs[pair_count].tensor, 48, "%s", tensor);
  snprintf(pairs[pair_count++].value, 48, "%s", value);
}

/* Runs for all pairs at once and compares them. */
static void run_pairs(void) {
  const char *names[128];
  int i;
  for (i = 0; i < pair_count; i++) names[i] = pairs[i].value;
  need(dcn_inspector_run(inspector, names, pair_count), "dcn_inspector_run");
  for (i = 0; i < pair_count; i++) compare(pairs[i].tensor, pairs[i].value);
  pair_count = 0;
}

static void open_network(const char *saliency, int32_t rows) {
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_model *model = golden_model(saliency);
  options.backend = backend;
  need(dcn_inspector_create(model, DCN_FORM_PREDICTION, 1, rows, &options, &inspector), "dcn_inspector_create");
  dcn_model_free(model);
  feed("image", "input");
}

static void feed_rows(void) {
  int32_t images[3] = {0, 0, 0};
  feed("seeds", "infer.labels");
  need(dcn_inspector_set(inspector, "row_to_image", images, sizeof images), "row_to_image");
}

static void classification(void) {
  int stage, number;
  char tensor[48], value[48];
  for (stage = 1; stage <= golden->stages; stage++) {
    for (number = 1; number <= golden->convolutions[stage - 1]; number++) {
      snprintf(tensor, 48, "fwd.conv%d_%d", stage, number);
      snprintf(value, 48, "relu%d_%d", stage, number);
      add(tensor, value);
    }
    snprintf(tensor, 48, "fwd.pool%d", stage);
    snprintf(value, 48, "pool%d", stage);
    add(tensor, value);
    snprintf(tensor, 48, "fwd.pool%d_switch", stage);
    snprintf(value, 48, "pool%d.1", stage);
    add(tensor, value);
  }
  add("fwd.fc6", "relu6");
  add("fwd.fc7", "relu7");
  add("fwd.cls_score", "cls_score");
  add("fwd.logits", "logits");
  add("fwd.scores", "scores");
  add("fwd.scores_max", "scores_max");
  add("fwd.score_switch", "score_max.1");
  run_pairs();
}

static void saliency(const char *placement) {
  char tensor[48];
  static const char *const names[3][2] = {
      {"fc7_bp", "relu7/gradient"}, {"fc6_bp", "relu6/gradient"}, {"pool5_bp", "fc6/data-gradient"}};
  int i, is_max = strcmp(placement, "max") == 0;
  for (i = 0; i < 3; i++) {
    snprintf(tensor, 48, "saliency_%s.%s", is_max ? "max" : "avg", names[i][0]);
    add(tensor, names[i][1]);
  }
  add(is_max ? "saliency_max.cls_score_unpooled" : "saliency_avg.cls_score_unpooled",
      is_max ? "score_max/unpool" : "score_average/unpool");
  run_pairs();
}

static void segmentation(void) {
  int stage, number;
  char tensor[48], value[48];
  snprintf(value, 48, "pool%d_bn", golden->stages);
  add("seg_all.pool5_bn", value);
  snprintf(value, 48, "pool%d_bp_bn", golden->stages);
  add("seg_all.pool5_bp_bn", value);
  add("seg_all.fc6_seg", "relu6_seg");
  add("seg_all.fc7_seg", "relu7_seg");
  add("seg_all.fc6_deconv", "activation");
  for (stage = golden->stages; stage >= 1; stage--) {
    snprintf(tensor, 48, "seg_all.unpool%d", stage);
    snprintf(value, 48, "unpool%d", stage);
    add(tensor, value);
    for (number = 1; number <= golden->deconvolutions[stage - 1]; number++) {
      snprintf(tensor, 48, "seg_all.deconv%d_%d", stage, number);
      snprintf(value, 48, "derelu%d_%d", stage, number);
      add(tensor, value);
    }
  }
  add("seg_all.seg_score", "seg_score");
  add("infer.probs", "probabilities");
  run_pairs();
}

/* Score maps and label map from the probabilities, as the released procedure combines them. */
static void label_map(void) {
  static float probabilities[3 * 2 * 128 * 128], maps[(4 + 1) * 128 * 128];
  const int pixels = golden->size * golden->size, classes = golden->classes;
  int64_t count;
  int32_t *identified = (int32_t *)golden_read("infer.identified", &count);
  int32_t *expected = (int32_t *)golden_read("infer.label_map", NULL);
  float *score_map = (float *)golden_read("infer.score_map", NULL);
  float *normalised = (float *)golden_read("infer.norm_score_map", NULL);
  int pixel, c, different = 0;
  need(dcn_inspector_copy(inspector, "probabilities", probabilities, 3 * 2 * pixels * 4), "probabilities");
  memcpy(maps, probabilities, (size_t)pixels * sizeof(float));
  for (c = 0; c < (int)count; c++)
    memcpy(maps + (identified[c] + 1) * pixels, probabilities + (2 * (c + 1) + 1) * pixels, (size_t)pixels * sizeof(float));
  check(deviation(maps, score_map, (classes + 1) * pixels) <= golden_tolerance("infer.score_map"),
        "%s: infer.score_map", backend);
  for (pixel = 0; pixel < pixels; pixel++) {
    double sum = 0;
    int best = 0;
    for (c = 0; c <= classes; c++) sum += maps[c * pixels + pixel];
    for (c = 0; c <= classes; c++) {
      maps[c * pixels + pixel] = (float)(maps[c * pixels + pixel] / sum);
      if (maps[c * pixels + pixel] > maps[best * pixels + pixel]) best = c;
    }
    if (best != expected[pixel]) different++;
  }
  check(deviation(maps, normalised, (classes + 1) * pixels) <= golden_tolerance("infer.norm_score_map"),
        "%s: infer.norm_score_map", backend);
  check(different == 0, "%s: infer.label_map, %d pixels differ", backend, different);
  free(identified);
  free(expected);
  free(score_map);
  free(normalised);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  golden_open(argv[1], argv[2]);
  backend = argv[3];
  open_network("max", 3);
  classification();
  feed_rows();
  saliency("max");
  segmentation();
  label_map();
  dcn_inspector_free(inspector);
  open_network("average", 3);
  feed_rows();
  saliency("average");
  dcn_inspector_free(inspector);
  fclose(golden_data);
  return check_failures ? 1 : 0;
}
