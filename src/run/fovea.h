#pragma once

// The program as a library: make and open models, classify and explain photos, train, score, measure. Modules for networks
// of your own are in <fovea/attention/...>.

#include <fovea/base/error.h>
#include <fovea/image/encode.h>
#include <fovea/models/create_model.h>
#include <fovea/run/assumptions.h>
#include <fovea/run/attention_benchmark.h>
#include <fovea/run/catalogue.h>
#include <fovea/run/catalogue_text.h>
#include <fovea/run/class_table.h>
#include <fovea/run/conversion.h>
#include <fovea/run/conversion_text.h>
#include <fovea/run/dry_run.h>
#include <fovea/run/experiment.h>
#include <fovea/run/glimpse_benchmark.h>
#include <fovea/run/model.h>
#include <fovea/run/overlay_files.h>
#include <fovea/run/overlay_series.h>
#include <fovea/run/overlay_text.h>
#include <fovea/run/overlayer.h>
#include <fovea/run/photo_files.h>
#include <fovea/run/prediction_csv.h>
#include <fovea/run/preview.h>
#include <fovea/run/read_image.h>
#include <fovea/run/report_text.h>
#include <fovea/run/run_pictures.h>
#include <fovea/run/training.h>
#include <fovea/run/with_photo.h>
