/* predict: segments a photo in five calls of the library.
 *
 *     predict MODEL PHOTO [MASK.png [OVERLAY.png]]
 */
#include <decoupled/decoupled.h>
#include <stdio.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, dcn_last_error());
  return 1;
}

int main(int argc, char **argv) {
  dcn_image image = DCN_IMAGE_INIT;
  dcn_model *model = NULL;
  dcn_session *session = NULL;
  dcn_result *result = NULL;
  const uint8_t *labels;
  const int32_t *classes;
  const float *scores;
  int32_t width, height, count, i;
  int status = 1;

  if (argc < 3) {
    fprintf(stderr, "usage: predict MODEL PHOTO [MASK.png [OVERLAY.png]]\n");
    return 2;
  }
  /* A camera frame needs no dcn_image_load: fill in the struct, it is borrowed for the call. */
  if (dcn_image_load(argv[2], &image)) return fail("photo");

  if (dcn_model_open(argv[1], &model)) fail("model");
  else if (dcn_session_create(model, NULL, &session)) fail("session");
  else if (dcn_session_predict(session, &image, &result)) fail("prediction");
  else if (!(labels = dcn_result_label_map(result, &width, &height))) fail("result");
  else {
    status = 0;
    scores = dcn_result_scores(result, NULL);
    classes = dcn_result_classes(result, &count);
    printf("%d x %d pixels, %d classes\n", (int)width, (int)height, (int)count);
    for (i = 0; i < count; i++) {
      int64_t pixel, area = 0;
      for (pixel = 0; pixel < (int64_t)width * height; pixel++) area += labels[pixel] == classes[i] + 1;
      printf("%s: score %.2f, %.1f%% of the image\n", dcn_model_class_name(model, classes[i]), scores[classes[i]],
             100.0 * (double)area / ((double)width * height));
    }
    if (argc > 3 && dcn_label_map_save(labels, width, height, argv[3])) status = fail("mask");
    if (argc > 4 && dcn_overlay_save(&image, labels, 0.5, argv[4])) status = fail("overlay");
  }

  dcn_result_free(result);
  dcn_session_free(session);
  dcn_model_free(model);
  dcn_image_free(&image);
  return status;
}
